import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

vi.stubGlobal('document', { baseURI: 'http://gateway.test/' });
vi.stubGlobal('location', { search: '', href: 'http://gateway.test/' });

const { ask, at, apiUrl, fetchIdentity, may, onTurnedAway, signOut } = await import('../src/api');
const { ApiError, problemOf, wordsOf } = await import('../src/problem');

type Call = { url: string; init: RequestInit };
let calls: Call[] = [];
let answer: () => Promise<Response>;

function says(status: number, body: unknown): void {
  answer = async () => new Response(status === 204 ? null : typeof body === 'string' ? body : JSON.stringify(body), { status });
}

beforeEach(() => {
  calls = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    calls.push({ url, init });
    return answer();
  });
});

afterEach(() => onTurnedAway(() => undefined));

const failureOf = (promise: Promise<unknown>) => promise.then(() => null, (error: unknown) => error as InstanceType<typeof ApiError>);

describe('a request', () => {
  it('goes to the API of the gateway, with its query', async () => {
    says(200, { events: [] });
    expect(await ask('GET', 'events', { query: { camera: 'front', label: '', limit: 5, before: undefined } })).toEqual({ events: [] });
    expect(calls[0]!.url).toBe('http://gateway.test/api/events?camera=front&limit=5');
    expect(calls[0]!.init.method).toBe('GET');
  });

  it('escapes what it names', () => {
    expect(apiUrl(at`events/${'a/b'}/${7}`)).toBe('http://gateway.test/api/events/a%2Fb/7');
  });

  it('carries the CSRF token when it changes something, once it is known', async () => {
    says(200, { name: 'ann', role: 'operator', auth: 'users', csrf: 'secret' });
    expect(await fetchIdentity()).toEqual({ name: 'ann', role: 'operator', auth: 'users', csrf: 'secret' });
    says(204, null);
    await ask('PATCH', 'events/front/1', { body: { favourite: true } });
    const headers = calls[1]!.init.headers as Record<string, string>;
    expect(headers['X-CSRF-Token']).toBe('secret');
    expect(headers['Content-Type']).toBe('application/json');
    expect(calls[1]!.init.body).toBe('{"favourite":true}');
    says(200, {});
    await ask('GET', 'system');
    expect((calls[2]!.init.headers as Record<string, string>)['X-CSRF-Token']).toBeUndefined();
  });

  it('tells when the gateway turns it away', async () => {
    const told = vi.fn();
    onTurnedAway(told);
    says(401, { type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'no session' });
    expect((await failureOf(ask('GET', 'system')))?.message).toBe('No session.');
    expect(told).toHaveBeenCalledTimes(1);
    says(204, null);
    await signOut();
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('fails with a sentence: no answer, no JSON, a problem', async () => {
    answer = () => Promise.reject(new TypeError('Failed to fetch'));
    expect((await failureOf(ask('GET', 'system')))?.message).toBe('The gateway doesn’t answer.');
    says(502, '<html>');
    expect((await failureOf(ask('GET', 'system')))?.message).toBe('The gateway answered 502.');
    says(404, { error: 'no such camera is configured' });
    const failure = await failureOf(ask('GET', 'system'));
    expect([failure?.status, failure?.message]).toEqual([404, 'No such camera is configured.']);
  });

  it('that is called off says nothing', async () => {
    const controller = new AbortController();
    answer = async () => {
      controller.abort();
      throw new DOMException('aborted', 'AbortError');
    };
    const failure = await failureOf(ask('GET', 'system', { signal: controller.signal }));
    expect(wordsOf(failure)).toBeNull();
  });
});

describe('a problem', () => {
  it('names what each of its mistakes is about', () => {
    const detail = 'value:1:28: cameras.front.zones[0].polygon: its sides cross\nvalue:2:1: cameras.front.lines[1].name: “a” twice';
    const { mistakes, message } = problemOf(422, { title: 'Unprocessable', detail });
    expect(mistakes).toEqual([
      { key: 'zones[0].polygon', text: 'Its sides cross.' },
      { key: 'lines[1].name', text: '“a” twice.' },
    ]);
    expect(message).toBe('zones[0].polygon: Its sides cross.\nlines[1].name: “a” twice.');
  });

  it('may list them itself', () => {
    const errors = [{ pointer: '/favourite', detail: 'expected true or false' }, 5];
    expect(problemOf(422, { detail: '/favourite: expected true or false', errors }).mistakes).toEqual([{ key: 'favourite', text: 'Expected true or false.' }]);
  });
});

describe('roles', () => {
  it('include the lesser ones', () => {
    expect(may('admin', 'operator')).toBe(true);
    expect(may('viewer', 'operator')).toBe(false);
    expect(may(undefined, 'viewer')).toBe(false);
  });
});
