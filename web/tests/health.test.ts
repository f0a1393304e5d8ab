import { describe, expect, it } from 'vitest';

import { Health, Inputs, isTroubled, reasonOf, shownInput } from '../src/health';
import type { Input, Stage } from '../src/protocol';

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

describe('the inputs', () => {
  const ok: Input = { name: '', status: 'ok', pictureAgeMs: 40, about: 'h264 640x360, 25 fps', error: null };
  const failed: Input = { name: 'record', status: 'reopening', pictureAgeMs: null, about: '', error: 'rtsp://cam: refused' };
  const at = (inputs: Input[], now = 1000, told = 1000) => {
    const health = new Inputs();
    health.report(inputs, told);
    return health.at(now, 1500);
  };

  it('are none before anything was said, and after the connection is lost', () => {
    const health = new Inputs();
    expect(health.at(0, 1500)).toEqual([]);
    health.report([ok], 0);
    health.clear();
    expect(health.at(0, 1500)).toEqual([]);
  });

  it('are called by their names, the one that detects by what it is', () => {
    expect(at([ok]).map(({ label }) => label)).toEqual(['camera']);
    expect(at([ok, failed]).map(({ label }) => label)).toEqual(['detect', 'record']);
  });

  it('have one whose pictures are shown', () => {
    expect(shownInput(at([failed, ok]))).toMatchObject({ name: '' });
    expect(shownInput(at([failed]))).toMatchObject({ name: 'record' });
    expect(shownInput([])).toBeUndefined();
  });

  it('grow old between messages, and are unknown when no message comes', () => {
    expect(at([ok], 1700)[0]).toMatchObject({ status: 'ok', pictureAgeMs: 740 });
    expect(at([ok], 2501)[0]).toMatchObject({ status: 'unknown' });
    expect(at([failed], 2501).map(reasonOf)).toEqual(['']);
  });

  it.each([
    [ok, ''],
    [failed, 'rtsp://cam: refused'],
    [{ ...ok, status: 'silent', pictureAgeMs: 7300 }, 'No whole picture for 7 s.'],
    [{ ...ok, status: 'silent', pictureAgeMs: null }, 'No whole picture yet.'],
    [{ ...ok, status: 'opening' }, 'Connecting to the camera.'],
    [{ ...ok, status: 'stale' }, 'Its capture hangs.'],
    [{ ...ok, status: 'missing' }, 'Its capture is not running.'],
  ] as [Input, string][])('say why they give nothing: %o', (input, reason) => {
    expect(at([input]).map(reasonOf)).toEqual([reason]);
  });

  it('are troubled where the stages do not say it already', () => {
    const troubled = (input: Input) => at([input]).some(isTroubled);
    expect(troubled(ok)).toBe(false);
    expect(troubled({ ...ok, status: 'opening' })).toBe(false);
    expect(troubled({ ...ok, status: 'silent' })).toBe(true);
    expect(troubled(failed)).toBe(true);
    expect(troubled({ ...ok, status: 'missing' })).toBe(false);
    expect(troubled({ ...failed, status: 'missing' })).toBe(true);
  });
});
