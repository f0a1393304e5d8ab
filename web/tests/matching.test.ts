import { beforeEach, describe, expect, it } from 'vitest';

import { DetectionStore, Lag, choosePicture, kWaitAtMost, type Waiting } from '../src/matching';
import type { Detections } from '../src/protocol';

const kFrameTime = 40; // 25 fps

function boxesOf(frameId: number): Detections {
  const box = { x: 0, y: 0, width: 1, height: 1, score: 0.5, label: `of ${frameId}` };
  return { type: 'detections', frameId, capturedAtMs: frameId * kFrameTime, latencyMs: 20, inferenceMs: 10, boxes: [box] };
}

function picture(frameId: number, receivedAt = frameId * kFrameTime): Waiting {
  return { frameId, capturedAtMs: frameId * kFrameTime, receivedAt };
}

let store: DetectionStore;
beforeEach(() => {
  store = new DetectionStore();
});

describe('boxes for a picture', () => {
  it('are its own if there are any', () => {
    for (const id of [4, 5, 6]) store.add(boxesOf(id));
    expect(store.overlayFor(picture(5), 1500)).toMatchObject({ frameId: 5, exact: true, ageMs: 0 });
  });

  it('are the newest older ones else, said to be older and by how much', () => {
    for (const id of [4, 9]) store.add(boxesOf(id));
    expect(store.overlayFor(picture(7), 1500)).toMatchObject({ frameId: 4, exact: false, ageMs: 3 * kFrameTime });
  });

  it('are never those of a later frame', () => {
    store.add(boxesOf(9));
    expect(store.overlayFor(picture(8), 1500)).toBeNull();
  });

  it('vanish when they are stale', () => {
    store.add(boxesOf(1));
    expect(store.overlayFor(picture(1 + 1500 / kFrameTime), 1500)).not.toBeNull();
    expect(store.overlayFor(picture(1 + 1600 / kFrameTime), 1500)).toBeNull();
  });

  it('hold however old they are while nothing moves, and are not called older then', () => {
    store.add(boxesOf(1));
    const later = picture(1 + 60_000 / kFrameTime);
    expect(store.overlayFor(later, 1500, true)).toMatchObject({ frameId: 1, exact: false, holds: true });
    expect(store.overlayFor(picture(1), 1500, true)).toMatchObject({ exact: true, holds: false });
    expect(store.overlayFor(picture(2), 1500)).toMatchObject({ exact: false, holds: false });
    expect(store.overlayFor(later, 1500)).toBeNull();
  });

  it('may come out of order or twice', () => {
    for (const id of [5, 3, 4, 4]) store.add(boxesOf(id));
    expect(store.newest()?.frameId).toBe(5);
    expect(store.overlayFor(picture(4), 1500)).toMatchObject({ frameId: 4, exact: true });
    store.add({ ...boxesOf(4), boxes: [] });
    expect(store.find(4)?.boxes).toEqual([]);
    expect(store.find(5)?.boxes).toHaveLength(1);
  });

  it('are forgotten after 32 frames', () => {
    for (let id = 1; id <= 40; id++) store.add(boxesOf(id));
    expect(store.find(8)).toBeUndefined();
    expect(store.find(9)).toBeDefined();
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

describe('the next picture of a detector that takes few frames', () => {
  const options = { now: 0, waitMs: 50, detecting: true, lastExactAt: -Infinity };

  it('waits its time, whether its boxes are there or not', () => {
    store.add(boxesOf(2));
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
  });
});

describe('the next picture of a detector that keeps up', () => {
  const options = { now: 4000, waitMs: 50, detecting: true, lastExactAt: -Infinity };
  beforeEach(() => {
    for (const id of [97, 98, 99, 100]) store.add(boxesOf(id));
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
      waits.pictureCame(id, now, store.find(id) !== undefined);
      queue.push(picture(id, now));
    }
    const detected = (now - lag) / kFrameTime;
    if (detected >= 0 && Number.isInteger(detected) && detected % every === 0) {
      store.add(boxesOf(detected));
      waits.boxesCame(detected, now);
    }
    const { show, drop } = choosePicture(queue, store, { now, waitMs: waits.wait(), detecting: true, lastExactAt });
    queue = queue.slice(drop);
    if (show < 0) continue;
    const next = queue.shift()!;
    const exact = store.overlayFor(next, 1500)?.exact === true;
    if (exact) lastExactAt = now;
    shown.push({ id: next.frameId, exact });
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
