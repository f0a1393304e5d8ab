// Which boxes belong on which picture, and how long a picture waits for them. Pure logic: time is passed in (milliseconds).
//
// Exact: a picture is shown with exactly its own boxes or with none. It waits for them as long as they have lately taken, so the
// delay is no longer than it has to be; where that is beyond kWaitAtMost, it is shown at once. Where the detector looks at fewer
// frames than are sent, there are two cases: nearly as many (kFollowInterval) and the pictures in between are left out; far fewer
// (standby, a slow machine) and every picture is shown.
// Auto: pictures wait as in exact; one whose own boxes haven't come in time has those of instant, so that a slow machine shows some.
// Instant: the newest picture at once, with the boxes of the newest tracks where they are by now, by their velocity.

import type { Box, Detections, Track, Tracks, TrackPhase } from './protocol';

export type Matching = 'auto' | 'exact' | 'instant';

export const kWaitAtMost = 400; // a slow machine's detector; a fast one's takes 30
const kKeep = 64; // records remembered: about two seconds
const kFollowInterval = 120; // a picture every 120 ms still looks like motion
const kHoldExact = 150; // so long nothing else is shown after an exact picture while following
const kTracksGone = 1000; // so much newer detections without tracks: nobody makes any

export interface Waiting {
  frameId: number;
  capturedAtMs: number;
  receivedAt: number; // the page's own clock
}

// A box to draw. `id`: of its track, null: of a detection that nobody follows.
export interface Mark extends Box {
  id: number | null;
  phase: TrackPhase;
}

// exact: the picture's own; still: older, but nothing has moved since; moved: a track's, where it should be by now; older: they
// are where they were.
export type Kind = 'exact' | 'still' | 'moved' | 'older';

export interface Overlay {
  frameId: number; // the frame the boxes belong to
  boxes: Mark[];
  kind: Kind;
  ageMs: number; // how much older than the picture they are
}

interface Annotation {
  frameId: number;
  capturedAtMs: number;
}

// The last records by frame id, oldest first.
class ByFrame<Record extends Annotation> {
  private records: Record[] = [];

  add(record: Record): void {
    let at = this.records.length;
    while (at > 0 && this.records[at - 1]!.frameId >= record.frameId) at--;
    this.records.splice(at, this.records[at]?.frameId === record.frameId ? 1 : 0, record);
    if (this.records.length > kKeep) this.records.shift();
  }

  find(frameId: number): Record | undefined {
    return this.records.findLast((record) => record.frameId === frameId);
  }

  // The last one up to this frame.
  upTo(frameId: number): Record | undefined {
    return this.records.findLast((record) => record.frameId <= frameId);
  }

  newest(): Record | undefined {
    return this.records.at(-1);
  }

  oldest(): Record | undefined {
    return this.records[0];
  }

  // The median time between them lately; Infinity before there are three.
  interval(): number {
    const last = this.records.slice(-9);
    if (last.length < 3) return Infinity;
    const gaps = last.slice(1).map((record, i) => record.capturedAtMs - last[i]!.capturedAtMs);
    return gaps.sort((a, b) => a - b)[gaps.length >> 1]!;
  }

  clear(): void {
    this.records = [];
  }
}

// What is known of the last frames: detections, and the tracks that control makes of them.
export class AnnotationStore {
  private readonly detections = new ByFrame<Detections>();
  private readonly tracks = new ByFrame<Tracks>();

  addDetections(record: Detections): void {
    this.detections.add(record);
  }

  addTracks(record: Tracks): void {
    this.tracks.add(record);
  }

  // Control follows what is detected: a frame's boxes are those of its tracks.
  followed(): boolean {
    const [detected, followed] = [this.detections.newest(), this.tracks.newest()];
    return followed !== undefined && (detected?.capturedAtMs ?? -Infinity) - followed.capturedAtMs < kTracksGone;
  }

  // Is all there that will come for this frame?
  complete(frameId: number): boolean {
    return (this.followed() ? this.tracks : this.detections).find(frameId) !== undefined;
  }

  // The newest frame of which that can be said.
  newestId(): number {
    return (this.followed() ? this.tracks : this.detections).newest()?.frameId ?? -1;
  }

  interval(): number {
    return (this.followed() ? this.tracks : this.detections).interval();
  }

  // The boxes to draw on a picture; null: none. `still`: nothing moves, so the last ones hold however old they are.
  overlayFor(picture: Waiting, options: { matching: Matching; staleAfterMs: number; still: boolean }): Overlay | null {
    const own = this.ownOf(picture.frameId);
    if (own !== null) return own;
    if (options.still) return this.last(picture, Infinity, 'still');
    if (options.matching === 'exact') return null;
    return this.moved(picture, options.staleAfterMs) ?? this.last(picture, options.staleAfterMs, 'older');
  }

  clear(): void {
    this.detections.clear();
    this.tracks.clear();
  }

  private ownOf(frameId: number): Overlay | null {
    const tracks = this.tracks.find(frameId);
    if (tracks !== undefined) return { frameId, boxes: tracks.tracks, kind: 'exact', ageMs: 0 };
    const detections = this.detections.find(frameId);
    return detections === undefined ? null : { frameId, boxes: detections.boxes.map(unfollowed), kind: 'exact', ageMs: 0 };
  }

  private last(picture: Waiting, atMost: number, kind: Kind): Overlay | null {
    const tracks = this.followed() ? this.tracks.upTo(picture.frameId) : undefined;
    const record = tracks ?? this.detections.upTo(picture.frameId);
    if (record === undefined) return null;
    const ageMs = Math.max(0, picture.capturedAtMs - record.capturedAtMs);
    if (ageMs > atMost) return null;
    const boxes = 'tracks' in record ? record.tracks : record.boxes.map(unfollowed);
    return { frameId: record.frameId, boxes, kind, ageMs };
  }

  // By the last tracks up to the picture, or backwards by the first ones behind it.
  private moved(picture: Waiting, atMost: number): Overlay | null {
    const record = this.followed() ? (this.tracks.upTo(picture.frameId) ?? this.tracks.oldest()) : undefined;
    if (record === undefined) return null;
    const ageMs = picture.capturedAtMs - record.capturedAtMs;
    if (Math.abs(ageMs) > atMost) return null;
    return { frameId: record.frameId, boxes: record.tracks.map((track) => moveBy(track, ageMs / 1000)), kind: 'moved', ageMs };
  }
}

function unfollowed(box: Box): Mark {
  return { ...box, id: null, phase: 'confirmed' };
}

// Where a track is `seconds` later.
export function moveBy(track: Track, seconds: number): Track {
  return track.still ? track : { ...track, x: track.x + track.vx * seconds, y: track.y + track.vy * seconds };
}

// How long boxes have lately come after their picture.
export class Lag {
  private readonly arrivals = new Map<number, number>(); // frame id -> when its picture came
  private samples: number[] = [];

  pictureCame(frameId: number, now: number, boxesKnown: boolean): void {
    if (boxesKnown) return this.sample(0);
    this.arrivals.set(frameId, now);
    if (this.arrivals.size > 2 * kKeep) this.arrivals.delete(this.arrivals.keys().next().value!);
  }

  boxesCame(frameId: number, now: number): void {
    const arrival = this.arrivals.get(frameId);
    if (arrival === undefined) return;
    this.arrivals.delete(frameId);
    this.sample(now - arrival);
  }

  // What a picture should wait: the slower of the recent ones and a little more; nothing when boxes come too late anyway.
  wait(): number {
    if (this.samples.length < 3) return kWaitAtMost;
    const sorted = [...this.samples].sort((a, b) => a - b);
    if (sorted[sorted.length >> 1]! > kWaitAtMost) return 0;
    return Math.min(kWaitAtMost, sorted[Math.floor(sorted.length * 0.9)]! * 1.2 + 5);
  }

  clear(): void {
    this.arrivals.clear();
    this.samples = [];
  }

  private sample(lag: number): void {
    this.samples.push(lag);
    if (this.samples.length > 24) this.samples.shift();
  }
}

export interface Choice {
  show: number; // index into the queue, -1: nothing yet
  drop: number; // so many at the front of the queue are done with (a shown one is not counted)
}

export interface ChoiceOptions {
  matching: Matching;
  now: number;
  waitMs: number;
  detecting: boolean; // the detector is alive, boxes may come
  lastExactAt: number;
  most: number; // that may wait: more have waited long enough
}

// Chooses what to show next from the pictures that wait, oldest first. While following, a picture is shown as soon as its boxes are
// there; else each one at the same time after it came, for a smooth motion, with what boxes there are by then.
export function choosePicture(queue: readonly Waiting[], store: AnnotationStore, options: ChoiceOptions): Choice {
  if (options.matching === 'instant') return { show: queue.length - 1, drop: Math.max(0, queue.length - 1) };
  const waited = (picture: Waiting, index: number) =>
    !options.detecting || options.now - picture.receivedAt >= options.waitMs || index < queue.length - options.most;
  if (!options.detecting || store.interval() > kFollowInterval) {
    const due = queue.findLastIndex(waited);
    return { show: due, drop: Math.max(0, due) };
  }
  const exact = queue.findLastIndex((picture) => store.complete(picture.frameId));
  if (exact >= 0) return { show: exact, drop: exact };
  const newestId = store.newestId();
  const due = queue.findLastIndex((picture, index) => newestId > picture.frameId || waited(picture, index));
  const hold = options.now - options.lastExactAt < kHoldExact;
  return { show: hold ? -1 : due, drop: Math.max(0, due) };
}
