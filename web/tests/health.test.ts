import { describe, expect, it } from 'vitest';

import { Health } from '../src/health';
import type { Stage } from '../src/protocol';

const kStages: Stage[] = [
  { name: 'capture', status: 'ok', ageMs: 20 },
  { name: 'detect', status: 'ok', ageMs: 300 },
  { name: 'control', status: 'missing', ageMs: null },
];

function statusAt(health: Health, now: number): string {
  return health
    .at(now, 1500)
    .map((stage) => stage.status)
    .join(' ');
}

describe('the stages', () => {
  it('are unknown before anything was said', () => {
    expect(statusAt(new Health(), 0)).toBe('unknown unknown unknown');
  });

  it('grow old between messages, so a silent gateway does not keep them fresh', () => {
    const health = new Health();
    health.report(kStages, 1000);
    expect(health.at(1100, 1500)[0]).toEqual({ name: 'capture', status: 'ok', ageMs: 120 });
    expect(statusAt(health, 2200)).toBe('ok ok missing');
    expect(statusAt(health, 2201)).toBe('ok stale missing');
    expect(statusAt(health, 2500)).toBe('stale stale missing');
  });

  it('live by what they make, too', () => {
    const health = new Health();
    health.report(kStages, 1000);
    health.sawLife('detect', 0, 2400);
    expect(statusAt(health, 2450)).toBe('ok ok missing');
    expect(statusAt(health, 3901)).toBe('stale stale missing');
  });

  it('are as old as their newest sign of life: an older one changes nothing', () => {
    const health = new Health();
    health.report(kStages, 1000);
    health.sawLife('capture', 5000, 1010);
    expect(health.at(1010, 1500)[0]).toEqual({ name: 'capture', status: 'ok', ageMs: 30 });
  });

  it('come back with the next message', () => {
    const health = new Health();
    health.report([{ name: 'detect', status: 'stale', ageMs: 4000 }], 1000);
    expect(statusAt(health, 1000)).toBe('unknown stale unknown');
    health.report([{ name: 'detect', status: 'ok', ageMs: 10 }], 1500);
    expect(statusAt(health, 1500)).toBe('unknown ok unknown');
  });
});
