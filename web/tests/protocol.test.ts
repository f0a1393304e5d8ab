import { describe, expect, it } from 'vitest';

import { parseCameras, parseMessage } from '../src/protocol';

describe('detections', () => {
  const box = { x: 0.1, y: 0.2, width: 0.3, height: 0.4, score: 0.9, class: 'person' };
  const record = { type: 'detections', frame_id: 7, captured_at_ms: 100, latency_ms: 20, inference_ms: 15, boxes: [box] };

  it('are read, and fields that a newer gateway adds are let pass', () => {
    const message = parseMessage(JSON.stringify({ ...record, later: true }));
    expect(message).toMatchObject({ type: 'detections', frameId: 7, capturedAtMs: 100, latencyMs: 20 });
    expect(message).toHaveProperty('boxes', [{ x: 0.1, y: 0.2, width: 0.3, height: 0.4, score: 0.9, label: 'person' }]);
  });

  it.each([
    ['a box without a score', { ...record, boxes: [box, { ...box, score: undefined }] }],
    ['a box of negative width', { ...record, boxes: [{ ...box, width: -0.1 }] }],
    ['a box whose class is markup in a list', { ...record, boxes: [{ ...box, class: ['<b>'] }] }],
    ['boxes that are no list', { ...record, boxes: { 0: box } }],
    ['a negative frame id', { ...record, frame_id: -1 }],
    ['a fractional frame id', { ...record, frame_id: 1.5 }],
    ['no capture time', { ...record, captured_at_ms: undefined }],
    ['more boxes than anybody draws', { ...record, boxes: Array.from({ length: 1001 }, () => box) }],
  ])('with %s are refused whole', (_what, message) => {
    expect(parseMessage(JSON.stringify(message))).toBeNull();
  });
});

describe('tracks', () => {
  const one = { id: 5, x: 0.1, y: 0.2, width: 0.3, height: 0.4, vx: -0.1, vy: 0, score: 0.9, class: 'person', phase: 'lost', still: false };
  const record = { type: 'tracks', frame_id: 7, captured_at_ms: 100, tracks: [one] };

  it('are read', () => {
    const read = { id: 5, x: 0.1, y: 0.2, width: 0.3, height: 0.4, vx: -0.1, vy: 0, score: 0.9, label: 'person', phase: 'lost', still: false };
    expect(parseMessage(JSON.stringify(record))).toEqual({ type: 'tracks', frameId: 7, capturedAtMs: 100, tracks: [read] });
  });

  it.each([
    ['an id in words', { ...one, id: '5' }],
    ['an unknown phase', { ...one, phase: 'eternal' }],
    ['no velocity', { ...one, vx: null }],
    ['no box', { ...one, width: undefined }],
    ['nothing', null],
  ])('one of which has %s are refused whole', (_what, wrong) => {
    expect(parseMessage(JSON.stringify({ ...record, tracks: [one, wrong] }))).toBeNull();
  });

  it('that are no list, or too many, are refused', () => {
    expect(parseMessage(JSON.stringify({ ...record, tracks: {} }))).toBeNull();
    expect(parseMessage(JSON.stringify({ ...record, tracks: Array.from({ length: 1001 }, () => one) }))).toBeNull();
  });
});

describe('video', () => {
  const video = { type: 'video', path: 'packets', source: 'camera', codec: 'h264', codec_string: 'avc1.640028', width: 640, height: 360, why: 'so' };

  it('is read', () => {
    const read = { type: 'video', path: 'packets', source: 'camera', codec: 'h264', codecString: 'avc1.640028', width: 640, height: 360, why: 'so' };
    expect(parseMessage(JSON.stringify(video))).toEqual(read);
    expect(parseMessage(JSON.stringify({ ...video, codec_string: null, width: null }))).toMatchObject({ codecString: '', width: 0 });
  });

  it.each([{ path: 'carrier' }, { source: 7 }, { codec: 'av1' }, { codec: null }])('with %j is refused', (wrong) => {
    expect(parseMessage(JSON.stringify({ ...video, ...wrong }))).toBeNull();
  });
});

it('a pong is read, and refused without the time', () => {
  const pong = { type: 'pong', id: 3, client_ms: 12.5, now_ms: 1e9 };
  expect(parseMessage(JSON.stringify(pong))).toEqual({ type: 'pong', id: 3, clientMs: 12.5, nowMs: 1e9 });
  for (const wrong of [{ id: -1 }, { now_ms: '1' }, { client_ms: null }]) {
    expect(parseMessage(JSON.stringify({ ...pong, ...wrong }))).toBeNull();
  }
});

describe('state', () => {
  const state = {
    type: 'state',
    mode: 'tracking',
    mode_since_ms: 1200,
    targets: 2,
    still: true,
    fps: { capture: 25, detect: 24.5, sent: 25 },
    latency_ms: { p50: 21, p99: 40 },
    dropped: 3,
    stages: [{ name: 'capture', status: 'ok', age_ms: 12 }],
  };

  it('is read', () => {
    expect(parseMessage(JSON.stringify(state))).toEqual({
      type: 'state',
      mode: 'tracking',
      modeSinceMs: 1200,
      targets: 2,
      still: true,
      detecting: true,
      fps: { capture: 25, detect: 24.5, sent: 25 },
      latencyMs: { p50: 21, p99: 40 },
      dropped: 3,
      stages: [{ name: 'capture', status: 'ok', ageMs: 12 }],
      inputs: [],
    });
  });

  it('has the inputs that can be read', () => {
    const input = { name: '', status: 'reopening', picture_age_ms: 1200, about: 'h264 1920x1080, 25 fps', error: 'refused' };
    const read = { name: '', status: 'reopening', pictureAgeMs: 1200, about: 'h264 1920x1080, 25 fps', error: 'refused' };
    const others = [null, 7, { ...input, name: 3 }, { ...input, status: 'asleep' }];
    expect(parseMessage(JSON.stringify({ ...state, inputs: [input, ...others] }))).toHaveProperty('inputs', [read]);
    const bare = parseMessage(JSON.stringify({ ...state, inputs: [{ name: 'record', status: 'ok', picture_age_ms: null, error: '' }] }));
    expect(bare).toHaveProperty('inputs', [{ name: 'record', status: 'ok', pictureAgeMs: null, about: '', error: null }]);
    expect(parseMessage(JSON.stringify({ ...state, inputs: 'none' }))).toHaveProperty('inputs', []);
  });

  it('says when there is nothing to say', () => {
    const empty = { ...state, mode: null, mode_since_ms: null, latency_ms: { p50: null, p99: null } };
    expect(parseMessage(JSON.stringify(empty))).toMatchObject({ mode: null, modeSinceMs: null, latencyMs: { p50: null, p99: null } });
  });

  it('detects unless it is told otherwise', () => {
    expect(parseMessage(JSON.stringify({ ...state, detecting: false }))).toHaveProperty('detecting', false);
  });
  it('is not still if an older gateway does not say', () => {
    expect(parseMessage(JSON.stringify({ ...state, still: undefined }))).toHaveProperty('still', false);
    expect(parseMessage(JSON.stringify({ ...state, still: 1 }))).toHaveProperty('still', false);
  });

  it('leaves out a stage it does not know, and refuses an unknown mode', () => {
    const stages = [...state.stages, { name: 'teleport', status: 'ok', age_ms: 1 }, { name: 'detect', status: 'fine', age_ms: 1 }, null];
    expect(parseMessage(JSON.stringify({ ...state, stages }))).toHaveProperty('stages.length', 1);
    expect(parseMessage(JSON.stringify({ ...state, mode: 'panic' }))).toBeNull();
    expect(parseMessage(JSON.stringify({ ...state, stages: null }))).toBeNull();
  });
});

describe('other messages', () => {
  it('hello keeps the class names that are names', () => {
    const hello = { type: 'hello', camera: 'front', classes: ['person', 4, 'car'], stale_after_ms: 1500, version: '0.1.0' };
    expect(parseMessage(JSON.stringify(hello))).toMatchObject({ camera: 'front', classes: ['person', 'car'], staleAfterMs: 1500 });
    expect(parseMessage(JSON.stringify({ ...hello, stale_after_ms: -5 }))).toMatchObject({ staleAfterMs: 1500 });
  });

  it('an event keeps its text as it is', () => {
    const event = { type: 'event', id: 3, kind: 'alarm', wall_ms: 1.8e12, frame_id: 9, text: '<img src=x onerror=alert(1)>' };
    expect(parseMessage(JSON.stringify(event))).toMatchObject({ id: 3, kind: 'alarm', text: event.text });
    expect(parseMessage(JSON.stringify({ ...event, id: null }))).toBeNull();
  });

  it.each(['', '{', 'null', '[]', '7', '"hello"', '{}', '{"type":"future"}', '{"type":["hello"]}'])('%j is ignored', (text) => {
    expect(parseMessage(text)).toBeNull();
  });

  it('the list of cameras', () => {
    expect(parseCameras({ cameras: [{ name: 'front' }, { name: 'yard' }] })).toEqual(['front', 'yard']);
    expect(parseCameras({ cameras: [] })).toEqual([]);
    for (const wrong of [null, [], {}, { cameras: 'front' }, { cameras: ['front'] }, { cameras: [{ name: 1 }] }]) {
      expect(parseCameras(wrong)).toBeNull();
    }
  });
});
