import { describe, expect, it } from 'vitest';

import { parseCameras, parseMessage, parsePicture } from '../src/protocol';

const kHeader = { type: 'frame', frame_id: 1852000000000001, captured_at_ms: 12.5, age_ms: 8, width: 768, height: 576, codec: 'jpeg' };

function pictureMessage(header: unknown, jpeg: number[] = [0xff, 0xd8, 0xff]): ArrayBuffer {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const message = new Uint8Array(4 + json.length + jpeg.length);
  new DataView(message.buffer).setUint32(0, json.length, true);
  message.set(json, 4);
  message.set(jpeg, 4 + json.length);
  return message.buffer;
}

describe('a picture', () => {
  it('is taken apart', () => {
    const picture = parsePicture(pictureMessage(kHeader, [0xff, 0xd8, 7]));
    expect(picture).toMatchObject({ frameId: 1852000000000001, capturedAtMs: 12.5, ageMs: 8, width: 768, height: 576 });
    expect([...picture!.jpeg]).toEqual([0xff, 0xd8, 7]);
  });

  it.each([
    ['nothing at all', new ArrayBuffer(0)],
    ['half a length', new ArrayBuffer(3)],
    ['a length beyond its end', new Uint8Array([255, 255, 255, 255, 1, 2, 3]).buffer],
    ['a header and no picture', pictureMessage(kHeader, [])],
    ['a header that is not JSON', pictureMessage('{"type":"frame"')],
    ['a header that is a list', pictureMessage([])],
    ['another codec', pictureMessage({ ...kHeader, codec: 'h264' })],
    ['a frame id beyond what a double holds', pictureMessage({ ...kHeader, frame_id: 2 ** 60 })],
    ['a frame id in words', pictureMessage({ ...kHeader, frame_id: '7' })],
    ['no capture time', pictureMessage({ ...kHeader, captured_at_ms: null })],
    ['no width', pictureMessage({ ...kHeader, width: 0 })],
  ])('with %s is refused', (_what, message) => {
    expect(parsePicture(message)).toBeNull();
  });
});

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
