import { describe, expect, it, vi } from 'vitest';

vi.stubGlobal('document', { baseURI: 'http://gateway.test/' });
vi.stubGlobal('location', { search: '' });

const { Curves, droppedCurve, kSpanMs, parseSystem, pathOf, record } = await import('../src/system');

const report = (dropped: number) =>
  parseSystem({
    seconds: 2,
    machine: { cores: 2, cpu_percent: 50, load: 0.5, memory_bytes: 100, available_bytes: 75, up_seconds: 60 },
    stages: [
      { tag: 'capture', pid: 5, cpu_percent: 3.5, rss_bytes: 9, writes: ['front/frames', 'front/packets'], reads: ['front/control'] },
      { tag: 'gateway', pid: 6, cpu_percent: null, rss_bytes: 9, writes: [], reads: ['yard/frames', 'front/frames'] },
      { tag: 'no process' },
    ],
    topics: [{ topic: 'front/frames', fps: 25, dropped }],
    cameras: [{ name: 'front', hops: [{ hop: 'sent', frame_id: 7, after_ms: 9 }, { hop: 'published', frame_id: 7, after_ms: 2 }, { hop: 'tracked', after_ms: null }] }],
  });

describe('the report of the system', () => {
  it('is read, hops in order of time', () => {
    const { machine, stages, ways, topics } = report(0);
    expect(machine).toEqual({ cores: 2, cpuPercent: 50, load: 0.5, memoryTotal: 100, memoryUsed: 25, upMs: 60_000 });
    expect(stages.map(({ tag, cameras }) => [tag, ...cameras])).toEqual([['capture', 'front'], ['gateway', 'front', 'yard']]);
    expect(ways).toEqual([{ camera: 'front', hops: [{ name: 'published', frameId: 7, afterMs: 2 }, { name: 'sent', frameId: 7, afterMs: 9 }] }]);
    expect(topics[0]).toEqual({ camera: 'front', topic: 'frames', fps: 25, dropped: 0 });
  });

  it('may be anything', () => {
    expect(parseSystem(null)).toMatchObject({ stages: [], topics: [], ways: [] });
    expect(parseSystem({ stages: 5, topics: [3], cameras: {} }).topics).toEqual([{ camera: '', topic: '', fps: null, dropped: null }]);
  });
});

describe('curves', () => {
  it('go back five minutes', () => {
    const curves = new Curves();
    curves.add('a', 0, 1);
    curves.add('a', 1000, null);
    curves.add('a', kSpanMs, 2);
    expect(curves.of('a').length).toBe(2);
    curves.add('a', kSpanMs + 1, 3);
    expect(curves.of('a').map(({ value }) => value)).toEqual([2, 3]);
    expect(curves.of('b')).toEqual([]);
  });

  it('are made of reports; counters as what came since the last', () => {
    const curves = new Curves();
    record(curves, report(5), null, 0);
    record(curves, report(8), report(5), 2000);
    record(curves, report(0), report(8), 4000); // begun anew
    expect(curves.of(droppedCurve('front', 'frames')).map(({ value }) => value)).toEqual([3, 0]);
    expect(curves.of('memory').at(-1)!.value).toBe(25);
    expect(curves.of('front/frames').length).toBe(3);
  });

  it('are drawn with now at the right', () => {
    const samples = [{ at: 0, value: 0 }, { at: kSpanMs, value: 5 }];
    expect(pathOf(samples, kSpanMs, 10, 100, 20)).toBe('0.0,20.0 100.0,10.0');
  });
});
