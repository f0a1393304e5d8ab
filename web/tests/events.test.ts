import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('document', { baseURI: 'http://gateway.test/' });
vi.stubGlobal('location', { search: '' });

const { keyOf, merged, nameOf, parseEvent, parseEvents, fileUrl } = await import('../src/events');
const { apiFilter, isFiltered, parseFilter, queryOf } = await import('../src/event_filter');
const { day, length, size } = await import('../src/format');

const kEvent = {
  camera: 'front',
  id: 1846212334592,
  kind: 'object',
  label: 'person',
  zones: [{ zone: 'door', at_ms: 5 }, { zone: 'yard', at_ms: 6 }, { zone: 'door', at_ms: 7 }],
  score: 0.8,
  started_at_ms: 1000,
  ended_at_ms: 0,
  state: 'open',
  favourite: false,
  snapshot: true,
  clips: 1,
  clip_ms: 9000,
  codec: 'h264',
  bytes: 5,
};

describe('an event', () => {
  it('is read', () => {
    const event = parseEvent(kEvent)!;
    expect(event).toMatchObject({ id: '1846212334592', zones: ['door', 'yard'], endedAtMs: null, open: true, rule: '' });
    expect(nameOf(event)).toBe('person in door, yard');
    expect(fileUrl(event, 'crop.jpg')).toBe('http://gateway.test/api/events/front/1846212334592/crop.jpg');
  });

  it.each([null, 5, {}, { ...kEvent, id: 1.5 }, { ...kEvent, id: '../x' }, { ...kEvent, camera: 1 }])('%j is none', (value) => {
    expect(parseEvent(value)).toBeNull();
  });
});

describe('a list of events', () => {
  it('is read, and where it goes on', () => {
    const list = parseEvents({ events: [kEvent, null], next: 'abc' });
    expect([list.events.length, list.next]).toEqual([1, 'abc']);
    expect(parseEvents({ events: [], next: null }).next).toBeNull();
    expect(parseEvents('x')).toEqual({ events: [], next: null });
  });

  it('takes in new and changed ones in order', () => {
    const of = (id: number, startedAtMs: number, favourite = false) => parseEvent({ ...kEvent, id, started_at_ms: startedAtMs, favourite })!;
    const list = merged([of(3, 30), of(1, 10)], [of(1, 10, true), of(2, 20), of(9, 30), of(10, 30)]);
    expect(list.map(keyOf)).toEqual(['front/10', 'front/9', 'front/3', 'front/2', 'front/1']);
    expect(list.at(-1)!.favourite).toBe(true);
  });
});

describe('a filter', () => {
  it('is kept in the address', () => {
    const query = 'camera=front&label=person&zone=door&range=own&since=2026-11-26T12%3A05&favourites=yes';
    const filter = parseFilter(query);
    expect(filter).toEqual({ camera: 'front', label: 'person', zone: 'door', range: 'own', since: '2026-11-26T12:05', until: '', favourites: true });
    expect(queryOf(filter)).toBe(query);
    expect(isFiltered(parseFilter('nonsense=1&range=x&since=y'))).toBe(false);
  });

  it('asks in Unix milliseconds', () => {
    const now = Date.parse('2026-11-26T12:00');
    expect(apiFilter(parseFilter('range=1h'), now)['since']).toBe(now - 3_600_000);
    expect(apiFilter(parseFilter('range=today'), now)['since']).toBe(Date.parse('2026-11-26T00:00'));
    expect(apiFilter(parseFilter('range=own&until=2026-11-26T11:00'), now)).toMatchObject({ since: undefined, until: now - 3_600_000 });
    expect(apiFilter(parseFilter('favourites=yes'), now)['favourites']).toBe('true');
  });
});

describe('numbers for people', () => {
  it.each([
    [812, '812 B'],
    [812_400, '812 kB'],
    [3_400_000, '3.4 MB'],
    [999_700, '1.0 MB'],
    [12_000_000_000, '12 GB'],
  ])('%i bytes', (bytes, text) => expect(size(bytes)).toBe(text));

  it('lengths and days', () => {
    expect([length(7_200), length(760_000)]).toEqual(['0:07', '12:40']);
    const now = Date.parse('2026-11-26T00:10');
    expect(day(Date.parse('2026-11-26T00:05'), now)).toBe('Today');
    expect(day(Date.parse('2026-11-25T23:59'), now)).toBe('Yesterday');
    expect(day(Date.parse('2026-11-20T12:00'), now)).toMatch(/^Fri,? 20 Nov$/);
  });
});
