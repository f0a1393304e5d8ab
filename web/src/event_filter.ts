// Which events are listed: kept in the address (#/events?camera=front&range=24h), asked of the API. Pure.

export type Range = '' | '1h' | 'today' | '24h' | '7d' | 'own';

export interface EventFilter {
  camera: string;
  label: string;
  zone: string;
  range: Range;
  since: string; // of an own range: as <input type="datetime-local"> has it, local time; "": open
  until: string;
  favourites: boolean;
}

export const kRanges: readonly { value: Range; text: string }[] = [
  { value: '', text: 'Any time' },
  { value: '1h', text: 'Last hour' },
  { value: 'today', text: 'Today' },
  { value: '24h', text: 'Last 24 hours' },
  { value: '7d', text: 'Last 7 days' },
  { value: 'own', text: 'From … to …' },
];

const kHour = 3_600_000;
const kBack: Partial<Record<Range, number>> = { '1h': kHour, '24h': 24 * kHour, '7d': 7 * 24 * kHour };

export function parseFilter(query: string): EventFilter {
  const fields = new URLSearchParams(query);
  const text = (key: string) => fields.get(key) ?? '';
  const range = kRanges.find(({ value }) => value === text('range'))?.value ?? '';
  const time = (key: string) => (range === 'own' && !Number.isNaN(Date.parse(text(key))) ? text(key) : '');
  return {
    camera: text('camera'),
    label: text('label'),
    zone: text('zone'),
    range,
    since: time('since'),
    until: time('until'),
    favourites: text('favourites') === 'yes',
  };
}

export function queryOf(filter: EventFilter): string {
  const fields = new URLSearchParams();
  for (const key of ['camera', 'label', 'zone', 'range'] as const) if (filter[key] !== '') fields.set(key, filter[key]);
  if (filter.range === 'own') for (const key of ['since', 'until'] as const) if (filter[key] !== '') fields.set(key, filter[key]);
  if (filter.favourites) fields.set('favourites', 'yes');
  return fields.toString();
}

export function isFiltered(filter: EventFilter): boolean {
  return queryOf(filter) !== '';
}

// What the API is asked: times are Unix milliseconds.
export function apiFilter(filter: EventFilter, now: number): Record<string, string | number | undefined> {
  return {
    camera: filter.camera,
    label: filter.label,
    zone: filter.zone,
    since: sinceOf(filter, now),
    until: filter.range === 'own' && filter.until !== '' ? Date.parse(filter.until) : undefined,
    favourites: filter.favourites ? 'true' : undefined,
  };
}

function sinceOf({ range, since }: EventFilter, now: number): number | undefined {
  if (range === 'own') return since === '' ? undefined : Date.parse(since);
  if (range === 'today') return new Date(now).setHours(0, 0, 0, 0);
  const back = kBack[range];
  return back === undefined ? undefined : now - back;
}
