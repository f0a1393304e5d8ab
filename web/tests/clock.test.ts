import { beforeEach, describe, expect, it } from 'vitest';

import { GatewayClock } from '../src/clock';

const kAhead = 5_000_000; // the gateway's clock is so much ahead of the page's

let clock: GatewayClock;
beforeEach(() => {
  clock = new GatewayClock();
});

// A ping at `now` that takes `there` ms to the gateway and `back` ms from it.
function exchange(now: number, there: number, back: number): void {
  const { id } = clock.ping(now);
  clock.pong(id, now + there + kAhead, now + there + back);
}

describe("the gateway's clock", () => {
  it('is not known at first', () => {
    expect(clock.toPage(1)).toBeNull();
    expect(clock.toGateway(1)).toBeNull();
    expect(clock.errorMs()).toBeNull();
  });

  it('is known to within half of the quickest exchange', () => {
    exchange(0, 90, 10);
    expect(clock.errorMs()).toBe(50);
    exchange(200, 2, 1);
    exchange(400, 5, 70);
    expect(clock.errorMs()).toBe(1.5);
    expect(Math.abs(clock.toGateway(1000)! - (1000 + kAhead))).toBeLessThanOrEqual(1.5);
    expect(clock.toPage(clock.toGateway(1234)!)).toBe(1234);
  });

  it('drifts: what was measured long ago is forgotten', () => {
    exchange(0, 0, 0);
    const { id } = clock.ping(70_000);
    clock.pong(id, 70_000 + kAhead + 8, 70_004);
    expect(clock.toGateway(70_004)).toBeCloseTo(70_004 + kAhead + 6, 6);
  });

  it('believes no answer to what was not asked, nor one twice', () => {
    clock.pong(77, 1, 2);
    expect(clock.toPage(1)).toBeNull();
    const { id } = clock.ping(0);
    clock.pong(id, kAhead, 2);
    clock.pong(id, 3 * kAhead, 3);
    expect(clock.toGateway(0)).toBe(kAhead - 1);
  });

  it('is guessed from the age of pictures where nobody answers, by the one that was quickest', () => {
    clock.sawAge(kAhead + 100, 20, 150); // 30 ms on its way
    clock.sawAge(kAhead + 200, 20, 225); // 5 ms
    clock.sawAge(kAhead + 300, 20, 390);
    expect(clock.toGateway(1000)).toBe(1000 + kAhead - 5);
    expect(clock.errorMs()).toBeNull();
    exchange(1000, 1, 1);
    expect(clock.toGateway(1000)).toBe(1000 + kAhead);
  });

  it('is forgotten with the connection', () => {
    exchange(0, 1, 1);
    clock.clear();
    expect(clock.toPage(1)).toBeNull();
  });
});
