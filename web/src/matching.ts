// Which boxes belong on which picture, and how long a picture waits for them. Pure logic: time is passed in (milliseconds).
//
// A picture is shown with exactly its own boxes whenever they come in time. It waits for them only as long as they have lately
// taken, so the delay is no longer than it has to be; where that is beyond kWaitAtMost, it is shown at once with older boxes. Where the detector looks at fewer frames than are
// sent, there are two cases: nearly as many (kFollowInterval) and the pictures in between are left out, so that what is seen is
// always exact; far fewer (standby) and every picture is shown, the last boxes marked as older.

import type { Box, Detections } from './protocol';

export const kWaitAtMost = 400; // a slow machine's detector; a fast one's takes 30
const kKeep = 32; // detections remembered: about a second
const kFollowInterval = 120; // a picture every 120 ms still looks like motion
const kHoldExact = 150; // so long nothing else is shown after an exact picture while following

export interface Waiting {
  frameId: number;
  capturedAtMs: number;
  receivedAt: number; // the page's own clock
}

export interface Overlay {
  frameId: number; // the frame the boxes belong to
  boxes: Box[];
  exact: boolean; // they are this picture's own
  holds: boolean; // they are older, but nothing has moved since
  ageMs: number; // how much older than the picture they are
}

// The last detections by frame id.
export class DetectionStore {
  private records: Detections[] = []; // oldest first, by frame id

  add(record: Detections): void {
    let at = this.records.length;
    while (at > 0 && this.records[at - 1]!.frameId >= record.frameId) at--;
    this.records.splice(at, this.records[at]?.frameId === record.frameId ? 1 : 0, record);
    if (this.records.length > kKeep) this.records.shift();
  }

  find(frameId: number): Detections | undefined {
    return this.records.find((record) => record.frameId === frameId);
  }

  newest(): Detections | undefined {
    return this.records.at(-1);
  }

  // The boxes to draw on a picture; null if there are none that are its own or younger than `staleAfterMs`. While the picture is
  // still (nothing moves), the last ones hold however old they are.
  overlayFor(picture: Waiting, staleAfterMs: number, still = false): Overlay | null {
    const record = this.records.findLast((candidate) => candidate.frameId <= picture.frameId);
    if (record === undefined) return null;
    const exact = record.frameId === picture.frameId;
    const ageMs = exact ? 0 : Math.max(0, picture.capturedAtMs - record.capturedAtMs);
    if (ageMs > staleAfterMs && !still) return null;
    return { frameId: record.frameId, boxes: record.boxes, exact, holds: still && !exact, ageMs };
  }

  // The median time between the frames that were detected lately; Infinity before there are three.
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

// Chooses what to show next from the pictures that wait, oldest first. `detecting`: the detector is alive, boxes may come.
// While following, a picture is shown as soon as its boxes are there; else each one at the same time after it came, for a
// smooth motion, with what boxes there are by then.
export function choosePicture(
  queue: readonly Waiting[],
  store: DetectionStore,
  options: { now: number; waitMs: number; detecting: boolean; lastExactAt: number },
): Choice {
  const waited = (picture: Waiting) => !options.detecting || options.now - picture.receivedAt >= options.waitMs;
  if (!options.detecting || store.interval() > kFollowInterval) {
    const due = queue.findLastIndex(waited);
    return { show: due, drop: Math.max(0, due) };
  }
  const exact = queue.findLastIndex((picture) => store.find(picture.frameId) !== undefined);
  if (exact >= 0) return { show: exact, drop: exact };
  const newestId = store.newest()?.frameId ?? -1;
  const due = queue.findLastIndex((picture) => newestId > picture.frameId || waited(picture));
  const hold = options.now - options.lastExactAt < kHoldExact;
  return { show: hold ? -1 : due, drop: Math.max(0, due) };
}
