// The client of the gateway's REST API (/api/openapi.json): one request, its answer or an ApiError. Whoever asks passes an AbortSignal
// and calls it off when nobody wants the answer any more. Unsafe methods carry the session's CSRF token.

import { forgetToken, hasToken, withToken } from './gateway';
import { ApiError, problemOf } from './problem';

export type Role = 'viewer' | 'operator' | 'admin';

export interface Identity {
  name: string;
  role: Role;
  auth: 'none' | 'token' | 'users';
  csrf: string;
}

interface Options {
  query?: Record<string, string | number | undefined>; // '' and undefined are left out
  body?: unknown; // sent as JSON
  signal?: AbortSignal | undefined;
}

const kPatience = 15_000;
const kRoles: readonly string[] = ['viewer', 'operator', 'admin'];

// Called when the gateway doesn't know (any more) who we are: the page asks for it.
let turnedAway: () => void = () => undefined;
let csrf = '';

export function onTurnedAway(act: () => void): void {
  turnedAway = act;
}

// Somebody else has found out.
export function tellTurnedAway(): void {
  turnedAway();
}

export function apiUrl(path: string, query: Options['query'] = {}): string {
  const url = new URL(`api/${path}`, document.baseURI);
  for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== '') url.searchParams.set(key, String(value));
  url.hash = '';
  return withToken(url).href;
}

// A path of segments that are escaped each: at`events/${camera}/${id}`.
export function at(texts: TemplateStringsArray, ...segments: (string | number)[]): string {
  return texts.map((text, i) => text + (i < segments.length ? encodeURIComponent(segments[i]!) : '')).join('');
}

export async function ask(method: string, path: string, { query, body, signal }: Options = {}): Promise<unknown> {
  const safe = method === 'GET';
  if (!safe && csrf === '' && path !== 'session') await fetchIdentity(signal).catch(() => undefined);
  const headers: Record<string, string> = { Accept: 'application/json, application/problem+json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (!safe && csrf !== '') headers['X-CSRF-Token'] = csrf;
  const patience = AbortSignal.timeout(kPatience);
  const either = signal === undefined ? patience : anyOf(signal, patience);
  const answer = await fetch(apiUrl(path, query), {
    method,
    headers,
    cache: 'no-store',
    credentials: 'same-origin',
    signal: either,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw new DOMException('called off', 'AbortError');
    throw error instanceof ApiError ? error : problemOf(0, null);
  });
  const content = await answer.text().catch(() => '');
  if (signal?.aborted === true) throw new DOMException('called off', 'AbortError');
  const parsed = parse(content);
  if (answer.ok) return parsed;
  if (answer.status === 401) turnedAway();
  throw problemOf(answer.status, parsed);
}

// A token that came with the page's address has set a cookie by now; where that does, the token appears in no more addresses.
async function tryWithoutToken(): Promise<void> {
  if (!hasToken()) return;
  const answer = await fetch(new URL('api/cameras', document.baseURI), { cache: 'no-store', credentials: 'same-origin' }).catch(() => null);
  if (answer?.ok === true) forgetToken();
}

export async function fetchIdentity(signal?: AbortSignal): Promise<Identity> {
  await tryWithoutToken();
  const fields = ((await ask('GET', 'session', { signal })) ?? {}) as Record<string, unknown>;
  const { name, role, auth, csrf: token } = fields;
  csrf = typeof token === 'string' ? token : '';
  return {
    name: typeof name === 'string' ? name : '',
    role: typeof role === 'string' && kRoles.includes(role) ? (role as Role) : 'viewer',
    auth: auth === 'users' || auth === 'token' ? auth : 'none',
    csrf,
  };
}

export async function signOut(): Promise<void> {
  await ask('DELETE', 'session');
  forgetToken();
  csrf = '';
  turnedAway();
}

// May who has `role` do what needs `least`?
export function may(role: Role | undefined, least: Role): boolean {
  return role !== undefined && kRoles.indexOf(role) >= kRoles.indexOf(least);
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

// AbortSignal.any() is younger than some of the browsers that hang on walls.
function anyOf(one: AbortSignal, other: AbortSignal): AbortSignal {
  const controller = new AbortController();
  for (const signal of [one, other]) {
    if (signal.aborted) controller.abort();
    signal.addEventListener('abort', () => controller.abort(), { once: true });
  }
  return controller.signal;
}
