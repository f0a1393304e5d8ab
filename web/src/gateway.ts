// Where the gateway is and how it is asked: same host as the page, with the token of the page's address passed on. A first
// request with it sets a cookie; the token then disappears from the address bar, and is forgotten once the cookie does.

import type { Codec } from './media';
import { parsePlaces, type Place } from './places';
import { parseCameras, parseModel, type Model } from './protocol';

let token = new URLSearchParams(location.search).get('token');

export function withToken(url: URL): URL {
  if (token !== null) url.searchParams.set('token', token);
  return url;
}

export function hasToken(): boolean {
  return token !== null;
}

export function forgetToken(): void {
  token = null;
}

// `codecs`: what this page can play; the gateway passes the camera's own bitstream if it is one of them.
export function socketUrl(camera: string, codecs: readonly Codec[]): string {
  const url = withToken(new URL(`ws/${encodeURIComponent(camera)}`, document.baseURI));
  url.searchParams.set('video', 'packets');
  url.searchParams.set('codecs', codecs.join());
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  return url.href;
}

export type CamerasAnswer = { kind: 'cameras'; names: string[] } | { kind: 'refused' } | { kind: 'unreachable' };

export async function fetchCameras(): Promise<CamerasAnswer> {
  try {
    const url = withToken(new URL('api/cameras', document.baseURI));
    const answer = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(4000) });
    if ([401, 403, 429].includes(answer.status)) return { kind: 'refused' };
    const names = parseCameras(answer.ok ? await answer.json() : null);
    return names === null ? { kind: 'unreachable' } : { kind: 'cameras', names };
  } catch {
    return { kind: 'unreachable' };
  }
}

// Null: nobody looks for objects; undefined: no answer.
export async function fetchModel(): Promise<Model | null | undefined> {
  try {
    const url = withToken(new URL('api/model', document.baseURI));
    const answer = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(4000) });
    return answer.ok ? parseModel(await answer.json()) : undefined;
  } catch {
    return undefined;
  }
}

// The camera's zones and lines; none where the gateway can't say.
export async function fetchPlaces(camera: string): Promise<Place[]> {
  const settings = async (key: 'zones' | 'lines') => {
    const url = withToken(new URL(`api/cameras/${encodeURIComponent(camera)}/settings/${key}`, document.baseURI));
    const answer = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(4000) });
    return answer.ok ? parsePlaces(await answer.json(), key === 'zones' ? 'zone' : 'line') : [];
  };
  try {
    return (await Promise.all([settings('zones'), settings('lines')])).flat();
  } catch {
    return [];
  }
}

export function hideToken(): void {
  if (token === null) return;
  const url = new URL(location.href);
  url.searchParams.delete('token');
  history.replaceState(null, '', url);
}
