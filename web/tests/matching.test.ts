import { beforeEach, describe, expect, it } from 'vitest';

import { AnnotationStore, Lag, choosePicture, kWaitAtMost, moveBy, type Waiting } from '../src/matching';
import type { Detections, Track, Tracks } from '../src/protocol';

const kFrameTime = 40; // 25 fps

function boxesOf(frameId: number): Detections {
  const box = { x: 0, y: 0, width: 1, height: 1, score: 0.5, label: `of ${frameId}` };
  return { type: 'detections', frameId, capturedAtMs: frameId * kFrameTime, latencyMs: 20, inferenceMs: 10, boxes: [box] };
}

// One object that goes right by half a picture a second.
function track(frameId: number, more: Partial<Track> = {}): Track {
  const x = 0.1 + (0.5 * frameId * kFrameTime) / 1000;
  return { id: 3, x, y: 0.2, width: 0.1, height: 0.3, score: 0.9, label: 'person', vx: 0.5, vy: 0, phase: 'confirmed', still: false, ...more };
}

function tracksOf(frameId: number, more: Partial<Track> = {}): Tracks {
  return { type: 'tracks', frameId, capturedAtMs: frameId * kFrameTime, tracks: [track(frameId, more)] };
}

function picture(frameId: number, receivedAt = frameId * kFrameTime): Waiting {
  return { frameId, capturedAtMs: frameId * kFrameTime, receivedAt };
}

const exact = { matching: 'exact', staleAfterMs: 1500, still: false } as const;
const instant = { ...exact, matching: 'instant' } as const;

let store: AnnotationStore;
beforeEach(() => {
  store = new AnnotationStore();
});

describe('boxes for a picture, exact', () => {
  it('are its own or none', () => {
    for (const id of [4, 5, 9]) store.addDetections(boxesOf(id));
    expect(store.overlayFor(picture(5), exact)).toMatchObject({ frameId: 5, kind: 'exact', ageMs: 0 });
    expect(store.overlayFor(picture(7), exact)).toBeNull();
    expect(store.overlayFor(picture(10), exact)).toBeNull();
  });

  it('are those of its tracks as soon as these are there', () => {
    store.addDetections(boxesOf(5));
    expect(store.overlayFor(picture(5), exact)!.boxes).toMatchObject([{ id: null, label: 'of 5' }]);
    store.addTracks(tracksOf(5));
    expect(store.overlayFor(picture(5), exact)!.boxes).toMatchObject([{ id: 3, label: 'person' }]);
  });

  it('hold however old they are while nothing moves', () => {
    store.addDetections(boxesOf(1));
    const later = picture(1 + 60_000 / kFrameTime);
    expect(store.overlayFor(later, { ...exact, still: true })).toMatchObject({ frameId: 1, kind: 'still' });
    expect(store.overlayFor(picture(1), { ...exact, still: true })).toMatchObject({ kind: 'exact' });
    expect(store.overlayFor(later, exact)).toBeNull();
  });

  it('may come out of order or twice', () => {
    for (const id of [5, 3, 4, 4]) store.addDetections(boxesOf(id));
    expect(store.newestId()).toBe(5);
    store.addDetections({ ...boxesOf(4), boxes: [] });
    expect(store.overlayFor(picture(4), exact)).toMatchObject({ frameId: 4, boxes: [] });
    expect(store.overlayFor(picture(5), exact)!.boxes).toHaveLength(1);
  });

  it('are forgotten after 64 frames', () => {
    for (let id = 1; id <= 70; id++) store.addDetections(boxesOf(id));
    expect(store.complete(6)).toBe(false);
    expect(store.complete(7)).toBe(true);
  });
});

describe('boxes for a picture, instant', () => {
  it('are its own where they are there already', () => {
    store.addTracks(tracksOf(5));
    expect(store.overlayFor(picture(5), instant)).toMatchObject({ frameId: 5, kind: 'exact' });
  });

  it('are those of the newest tracks, where they are by now', () => {
    for (const id of [4, 5]) store.addTracks(tracksOf(id));
    const overlay = store.overlayFor(picture(10), instant)!;
    expect(overlay).toMatchObject({ frameId: 5, kind: 'moved', ageMs: 5 * kFrameTime });
    expect(overlay.boxes[0]!.x).toBeCloseTo(track(10).x, 9);
  });

  it('are moved backwards where only later tracks are known', () => {
    store.addTracks(tracksOf(9));
    expect(store.overlayFor(picture(7), instant)!.boxes[0]!.x).toBeCloseTo(track(7).x, 9);
  });

  it('vanish when they are stale', () => {
    store.addTracks(tracksOf(1));
    expect(store.overlayFor(picture(1 + 1500 / kFrameTime), instant)).not.toBeNull();
    expect(store.overlayFor(picture(1 + 1600 / kFrameTime), instant)).toBeNull();
  });

  it('are where they were, and called older, where nobody follows them', () => {
    store.addDetections(boxesOf(4));
    expect(store.overlayFor(picture(7), instant)).toMatchObject({ frameId: 4, kind: 'older', ageMs: 3 * kFrameTime });
    expect(store.overlayFor(picture(3), instant)).toBeNull(); // never those of a later frame
    expect(store.overlayFor(picture(4 + 1600 / kFrameTime), instant)).toBeNull();
  });

  it('stay where what they show stands still', () => {
    expect(moveBy(track(1, { still: true, vx: 0.01 }), 2)).toEqual(track(1, { still: true, vx: 0.01 }));
    expect(moveBy(track(1, { vx: -0.1, vy: 0.2 }), 0.5)).toMatchObject({ x: track(1).x - 0.05, y: 0.2 + 0.1, id: 3 });
  });
});

it('auto: a picture has its own boxes, or those that are moved on', () => {
  const auto = { ...exact, matching: 'auto' } as const;
  for (const id of [4, 5]) store.addTracks(tracksOf(id));
  expect(store.overlayFor(picture(5), auto)).toMatchObject({ frameId: 5, kind: 'exact' });
  expect(store.overlayFor(picture(10), auto)).toMatchObject({ frameId: 5, kind: 'moved' });
  const queue = [picture(10, 0)];
  expect(choosePicture(queue, store, { ...choice, matching: 'auto', now: 49 })).toEqual({ show: -1, drop: 0 }); // it waits
});

describe('what a picture waits for', () => {
  it('are its tracks while control makes some, else its detections', () => {
    store.addDetections(boxesOf(5));
    expect(store.complete(5)).toBe(true);
    store.addTracks(tracksOf(4));
    expect(store.complete(5)).toBe(false);
    expect(store.newestId()).toBe(4);
    store.addDetections(boxesOf(4 + 1000 / kFrameTime)); // control is gone
    expect(store.complete(5)).toBe(true);
  });
});

describe('the wait for boxes', () => {
  it('is the bound until the lag is known, then little more than the lag', () => {
    const lag = new Lag();
    expect(lag.wait()).toBe(kWaitAtMost);
    for (let id = 1; id <= 10; id++) {
      lag.pictureCame(id, id * kFrameTime, false);
      lag.boxesCame(id, id * kFrameTime + 20);
    }
    expect(lag.wait()).toBeGreaterThan(20);
    expect(lag.wait()).toBeLessThan(40);
  });

  it('is nothing where boxes come first', () => {
    const lag = new Lag();
    for (let id = 1; id <= 10; id++) lag.pictureCame(id, 0, true);
    expect(lag.wait()).toBeLessThan(10);
  });

  it('is nothing where boxes come too late anyway, and never beyond the bound', () => {
    const slow = new Lag();
    const nearly = new Lag();
    for (let id = 1; id <= 10; id++) {
      slow.pictureCame(id, 0, false);
      slow.boxesCame(id, kWaitAtMost + 1);
      nearly.pictureCame(id, 0, false);
      nearly.boxesCame(id, kWaitAtMost - 1);
    }
    expect(slow.wait()).toBe(0);
    expect(nearly.wait()).toBe(kWaitAtMost);
  });
});

const choice = { matching: 'exact', waitMs: 50, detecting: true, lastExactAt: -Infinity, most: 32 } as const;

describe('the next picture of a detector that takes few frames', () => {
  const options = { ...choice, now: 0 };

  it('waits its time, whether its boxes are there or not', () => {
    store.addDetections(boxesOf(2));
    const queue = [picture(1, 0), picture(2, 40)];
    expect(choosePicture(queue, store, { ...options, now: 49 })).toEqual({ show: -1, drop: 0 });
    expect(choosePicture(queue, store, { ...options, now: 50 })).toEqual({ show: 0, drop: 0 });
    expect(choosePicture(queue, store, { ...options, now: 90 })).toEqual({ show: 1, drop: 1 });
  });

  it('does not wait for a detector that is not there', () => {
    expect(choosePicture([picture(1, 0)], store, { ...options, detecting: false })).toEqual({ show: 0, drop: 0 });
  });

  it('with an empty queue is none', () => {
    expect(choosePicture([], store, options)).toEqual({ show: -1, drop: 0 });
    expect(choosePicture([], store, { ...options, matching: 'instant' })).toEqual({ show: -1, drop: 0 });
  });

  it('is one that has to make room for others', () => {
    const queue = [1, 2, 3, 4].map((id) => picture(id, 0));
    expect(choosePicture(queue, store, { ...options, most: 3 })).toEqual({ show: 0, drop: 0 });
    expect(choosePicture(queue, store, { ...options, most: 4 })).toEqual({ show: -1, drop: 0 });
  });

  it('is the newest at once if the visitor wants that', () => {
    const queue = [picture(1, 0), picture(2, 0)];
    expect(choosePicture(queue, store, { ...options, matching: 'instant' })).toEqual({ show: 1, drop: 1 });
  });
});

describe('the next picture of a detector that keeps up', () => {
  const options = { ...choice, now: 4000 };
  beforeEach(() => {
    for (const id of [97, 98, 99, 100]) store.addDetections(boxesOf(id));
  });

  it('is shown as soon as its boxes are there', () => {
    expect(choosePicture([picture(100, 3999)], store, options)).toEqual({ show: 0, drop: 0 });
    expect(choosePicture([picture(101, 3999)], store, options)).toEqual({ show: -1, drop: 0 });
  });

  it('is the newest with boxes; older ones are left out, newer ones go on waiting', () => {
    const queue = [picture(99, 4000), picture(100, 4000), picture(101, 4000)];
    expect(choosePicture(queue, store, options)).toEqual({ show: 1, drop: 1 });
  });

  it('is shown without them after the bound, but not right after one that had its own', () => {
    const queue = [picture(101, 3950)];
    expect(choosePicture(queue, store, options)).toEqual({ show: 0, drop: 0 });
    expect(choosePicture(queue, store, { ...options, lastExactAt: 3960 })).toEqual({ show: -1, drop: 0 });
  });

  it('does not wait for boxes that will never come: a newer frame has them', () => {
    expect(choosePicture([picture(96, 4000)], store, options)).toEqual({ show: 0, drop: 0 });
  });
});

// Plays `pictures` at 25 fps against a detector that takes every n-th frame and needs `lag` ms; what was shown, in order.
function play(pictures: number, every: number, lag: number): { id: number; exact: boolean }[] {
  const shown: { id: number; exact: boolean }[] = [];
  const waits = new Lag();
  let queue: Waiting[] = [];
  let lastExactAt = -Infinity;
  for (let now = 0; now < pictures * kFrameTime; now++) {
    if (now % kFrameTime === 0) {
      const id = now / kFrameTime;
      waits.pictureCame(id, now, store.complete(id));
      queue.push(picture(id, now));
    }
    const detected = (now - lag) / kFrameTime;
    if (detected >= 0 && Number.isInteger(detected) && detected % every === 0) {
      store.addDetections(boxesOf(detected));
      waits.boxesCame(detected, now);
    }
    const { show, drop } = choosePicture(queue, store, { ...choice, now, waitMs: waits.wait(), lastExactAt });
    queue = queue.slice(drop);
    if (show < 0) continue;
    const next = queue.shift()!;
    const own = store.overlayFor(next, exact) !== null;
    if (own) lastExactAt = now;
    shown.push({ id: next.frameId, exact: own });
  }
  return shown.slice(-Math.floor(shown.length / 2)); // after it has settled
}

describe('what is seen', () => {
  it('is every picture, all exact, where the detector takes every frame', () => {
    const shown = play(100, 1, 30);
    expect(shown.every((next) => next.exact)).toBe(true);
    expect(shown.every((next, i) => i === 0 || next.id === shown[i - 1]!.id + 1)).toBe(true);
  });

  it('is only exact pictures where it takes every other frame', () => {
    const shown = play(100, 2, 30);
    expect(shown.length).toBeGreaterThan(10);
    expect(shown.every((next) => next.exact)).toBe(true);
  });

  it('is every picture in standby, one in eight exact', () => {
    const shown = play(200, 8, 30);
    expect(shown.every((next, i) => i === 0 || next.id === shown[i - 1]!.id + 1)).toBe(true);
    expect(shown.every((next) => next.exact === (next.id % 8 === 0))).toBe(true);
  });

  it('is exact again and again on a slow machine: the wait grows with the detector', () => {
    const shown = play(200, 4, 270);
    expect(shown.every((next, i) => i === 0 || next.id === shown[i - 1]!.id + 1)).toBe(true);
    expect(shown.filter((next) => next.exact).length).toBeGreaterThanOrEqual(Math.floor(shown.length / 4));
  });

  it('goes on where the detector is far too slow', () => {
    const shown = play(200, 12, 470);
    expect(shown.every((next, i) => i === 0 || next.id === shown[i - 1]!.id + 1)).toBe(true);
    expect(shown.some((next) => next.exact)).toBe(false);
  });
});
