import { describe, expect, it } from 'vitest';

import { Backoff, kFirstPause, kLongestPause } from '../src/backoff';

describe('the pauses between attempts', () => {
  it('double from a quarter of a second to three seconds', () => {
    const backoff = new Backoff(() => 0);
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([250, 500, 1000, 2000, 3000, 3000]);
  });

  it('start again after a success', () => {
    const backoff = new Backoff(() => 0);
    for (let i = 0; i < 5; i++) backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(kFirstPause);
  });

  it('differ by up to a fifth, and are never longer', () => {
    for (const random of [0, 0.5, 0.999]) {
      const backoff = new Backoff(() => random);
      for (let whole = kFirstPause; whole < kLongestPause; whole *= 2) {
        const pause = backoff.next();
        expect(pause).toBeLessThanOrEqual(whole);
        expect(pause).toBeGreaterThanOrEqual(whole * 0.8);
      }
    }
  });
});
