import { describe, expect, it } from 'vitest';

import { parseBinary } from '../src/media';

const kFrame = { type: 'frame', frame_id: 1852000000000001, captured_at_ms: 12.5, age_ms: 8, width: 768, height: 576, codec: 'jpeg' };
const kPacket = {
  type: 'packet', frame_id: 9, captured_at_ms: 12.5, pts_us: -40000, key: true, stream: 2, codec: 'h264', width: 640, height: 360,
}; // prettier-ignore

function binary(header: unknown, body: number[] = [0xff, 0xd8, 0xff]): ArrayBuffer {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const message = new Uint8Array(4 + json.length + body.length);
  new DataView(message.buffer).setUint32(0, json.length, true);
  message.set(json, 4);
  message.set(body, 4 + json.length);
  return message.buffer;
}

describe('a picture', () => {
  it('is taken apart', () => {
    const picture = parseBinary(binary(kFrame, [0xff, 0xd8, 7]));
    expect(picture).toMatchObject({ type: 'frame', frameId: 1852000000000001, capturedAtMs: 12.5, ageMs: 8, width: 768, height: 576 });
    expect([...(picture as { jpeg: Uint8Array }).jpeg]).toEqual([0xff, 0xd8, 7]);
  });

  it('need not say its age', () => {
    expect(parseBinary(binary({ ...kFrame, age_ms: undefined }))).toMatchObject({ ageMs: null });
  });

  it.each([
    ['nothing at all', new ArrayBuffer(0)],
    ['half a length', new ArrayBuffer(3)],
    ['a length beyond its end', new Uint8Array([255, 255, 255, 255, 1, 2, 3]).buffer],
    ['a header and no picture', binary(kFrame, [])],
    ['a header that is not JSON', binary('{"type":"frame"')],
    ['a header that is a list', binary([])],
    ['another type', binary({ ...kFrame, type: 'hologram' })],
    ['another codec', binary({ ...kFrame, codec: 'h264' })],
    ['a frame id beyond what a double holds', binary({ ...kFrame, frame_id: 2 ** 60 })],
    ['a frame id in words', binary({ ...kFrame, frame_id: '7' })],
    ['no capture time', binary({ ...kFrame, captured_at_ms: null })],
    ['no width', binary({ ...kFrame, width: 0 })],
  ])('with %s is refused', (_what, message) => {
    expect(parseBinary(message)).toBeNull();
  });
});

describe('a packet', () => {
  it('is taken apart', () => {
    const packet = parseBinary(binary(kPacket, [0, 0, 1, 0x65]));
    expect(packet).toMatchObject({ type: 'packet', frameId: 9, ptsUs: -40000, key: true, stream: 2, codec: 'h264', width: 640 });
    expect([...(packet as { data: Uint8Array }).data]).toEqual([0, 0, 1, 0x65]);
  });

  it.each([{ codec: 'mjpeg' }, { codec: 7 }, { pts_us: 0.5 }, { pts_us: null }, { key: 1 }, { stream: -1 }, { height: -5 }])(
    'with %j is refused',
    (wrong) => {
      expect(parseBinary(binary({ ...kPacket, ...wrong }))).toBeNull();
    },
  );
});
