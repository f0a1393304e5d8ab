// Recorded events as the API has them: asked for, changed, removed. Whatever can't be read of an answer is left out.

import { apiUrl, ask, at } from './api';
import type { EventFilter } from './event_filter';
import { apiFilter } from './event_filter';
import { problemOf } from './problem';

export interface StoredEvent {
  camera: string;
  id: string; // digits
  kind: string;
  rule: string;
  label: string;
  text: string;
  zones: string[];
  score: number;
  startedAtMs: number;
  endedAtMs: number | null; // null: it goes on
  favourite: boolean;
  snapshot: boolean;
  clips: number; // parts
  clipMs: number;
  codec: string;
  bytes: number;
  open: boolean;
}

export interface EventsPageOf {
  events: StoredEvent[];
  next: string | null; // where the list goes on
}

export type EventFile = 'snapshot.jpg' | 'boxed.jpg' | 'crop.jpg' | 'clip.mp4';

type Fields = Record<string, unknown>;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

export function parseEvent(value: unknown): StoredEvent | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Fields;
  const { id, camera, started_at_ms: startedAtMs } = fields;
  const known = (typeof id === 'number' && Number.isSafeInteger(id)) || (typeof id === 'string' && /^\d+$/.test(id));
  if (!known || typeof camera !== 'string' || typeof startedAtMs !== 'number') return null;
  const ended = number(fields['ended_at_ms']);
  return {
    camera,
    id: String(id),
    kind: text(fields['kind']),
    rule: text(fields['rule']),
    label: text(fields['label']),
    text: text(fields['text']),
    zones: zonesOf(fields['zones']),
    score: number(fields['score']),
    startedAtMs,
    endedAtMs: ended > 0 ? ended : null,
    favourite: fields['favourite'] === true,
    snapshot: fields['snapshot'] === true,
    clips: number(fields['clips']),
    clipMs: number(fields['clip_ms']),
    codec: text(fields['codec']),
    bytes: number(fields['bytes']),
    open: fields['state'] === 'open',
  };
}

// ["door"] or [{"zone":"door","at_ms":n}], each once
function zonesOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  const names = value.map((item: unknown) => (typeof item === 'string' ? item : text((item as Fields | null)?.['zone'])));
  return [...new Set(names.filter((name) => name !== ''))];
}

export function parseEvents(value: unknown): EventsPageOf {
  const { events, next } = (value ?? {}) as Fields;
  const list = Array.isArray(events) ? events.map(parseEvent).filter((event) => event !== null) : [];
  return { events: list, next: next === null || next === undefined ? null : String(next) };
}

export async function fetchEvents(filter: EventFilter, limit: number, before: string | null, signal: AbortSignal): Promise<EventsPageOf> {
  const query = { ...apiFilter(filter, Date.now()), limit, before: before ?? undefined };
  return parseEvents(await ask('GET', 'events', { query, signal }));
}

export async function fetchEvent(camera: string, id: string, signal: AbortSignal): Promise<StoredEvent> {
  const answer = await ask('GET', at`events/${camera}/${id}`, { signal });
  const event = parseEvent(answer);
  if (event === null) throw problemOf(0, null);
  return event;
}

export async function setFavourite(event: StoredEvent, favourite: boolean): Promise<StoredEvent> {
  const answer = await ask('PATCH', at`events/${event.camera}/${event.id}`, { body: { favourite } });
  return parseEvent(answer) ?? { ...event, favourite };
}

export async function removeEvent(event: StoredEvent): Promise<void> {
  await ask('DELETE', at`events/${event.camera}/${event.id}`);
}

// `part`: of a clip, from 1 on.
export function fileUrl(event: StoredEvent, file: EventFile, part = 1): string {
  return apiUrl(`${at`events/${event.camera}/${event.id}`}/${file}`, part > 1 ? { part } : {});
}

export function keyOf(event: { camera: string; id: string }): string {
  return `${event.camera}/${event.id}`;
}

// A list, newest first, with what has just been asked for put in: changed ones replaced, new ones where they belong.
export function merged(list: readonly StoredEvent[], fresh: readonly StoredEvent[]): StoredEvent[] {
  const byKey = new Map(list.map((event) => [keyOf(event), event]));
  for (const event of fresh) byKey.set(keyOf(event), event);
  return [...byKey.values()].sort((a, b) => b.startedAtMs - a.startedAtMs || b.id.length - a.id.length || (b.id > a.id ? 1 : -1));
}

// "person in door", "alarm", …
export function nameOf(event: StoredEvent): string {
  const what = event.label || event.text || event.kind.replaceAll('_', ' ');
  return event.zones.length > 0 ? `${what} in ${event.zones.join(', ')}` : what;
}
