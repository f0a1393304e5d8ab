// What the gateway sends of the picture itself (docs/viewer_protocol.md): which way it comes, and the binary messages. Parsed and
// checked like everything else: null for what doesn't fit.

import { isId, isNumber, numberOrNull, parseJson, textOr, type Fields } from './fields';

export type Codec = 'mjpeg' | 'h264' | 'h265';
export type StreamCodec = Exclude<Codec, 'mjpeg'>;

// Which way the pictures come, before the first one and whenever that changes.
export interface Video {
  type: 'video';
  path: 'packets' | 'jpeg';
  source: 'camera' | 'encoded' | 'pixels'; // its own bitstream, one made for all viewers, a JPEG made for us
  codec: Codec;
  codecString: string; // RFC 6381; '': unknown
  width: number;
  height: number;
  why: string; // one sentence
}

export interface Picture {
  type: 'frame';
  frameId: number;
  capturedAtMs: number; // gateway's monotonic clock
  ageMs: number | null; // capture to send
  width: number;
  height: number;
  jpeg: Uint8Array<ArrayBuffer>;
}

// One access unit in Annex B form, parameter sets in front of each keyframe.
export interface Packet {
  type: 'packet';
  frameId: number;
  capturedAtMs: number;
  ptsUs: number; // in order of showing; ties decoded pictures to frame ids
  key: boolean;
  stream: number; // another one: the camera was opened anew, nothing of before is referred to
  codec: StreamCodec;
  width: number;
  height: number;
  data: Uint8Array<ArrayBuffer>;
}

const kMaxHeader = 64 * 1024;
const kPaths: readonly string[] = ['packets', 'jpeg'];
const kSources: readonly string[] = ['camera', 'encoded', 'pixels'];
const kCodecs: readonly string[] = ['mjpeg', 'h264', 'h265'];

export function parseVideo(fields: Fields): Video | null {
  const { path, source, codec, codec_string: codecString, width, height, why } = fields;
  if (typeof path !== 'string' || !kPaths.includes(path)) return null;
  if (typeof codec !== 'string' || !kCodecs.includes(codec)) return null;
  if (typeof source !== 'string' || !kSources.includes(source)) return null;
  return {
    type: 'video',
    path: path as Video['path'],
    source: source as Video['source'],
    codec: codec as Codec,
    codecString: textOr(codecString, ''),
    width: numberOrNull(width) ?? 0,
    height: numberOrNull(height) ?? 0,
    why: textOr(why, ''),
  };
}

// u32 little-endian n, n bytes of JSON, then a JPEG or an access unit.
export function parseBinary(message: ArrayBuffer): Picture | Packet | null {
  if (message.byteLength < 4) return null;
  const headerBytes = new DataView(message).getUint32(0, true);
  if (headerBytes > kMaxHeader || headerBytes + 4 >= message.byteLength) return null;
  const header = parseJson(new TextDecoder().decode(new Uint8Array(message, 4, headerBytes)));
  if (header === null) return null;
  const body = new Uint8Array(message, 4 + headerBytes);
  if (header['type'] === 'frame') return parsePicture(header, body);
  return header['type'] === 'packet' ? parsePacket(header, body) : null;
}

interface Common {
  frameId: number;
  capturedAtMs: number;
  width: number;
  height: number;
}

function parseCommon({ frame_id: frameId, captured_at_ms: capturedAtMs, width, height }: Fields): Common | null {
  if (!isId(frameId) || !isNumber(capturedAtMs)) return null;
  if (!isNumber(width) || !isNumber(height) || width < 1 || height < 1) return null;
  return { frameId, capturedAtMs, width, height };
}

function parsePicture(header: Fields, jpeg: Uint8Array<ArrayBuffer>): Picture | null {
  const common = parseCommon(header);
  if (common === null || header['codec'] !== 'jpeg') return null;
  return { type: 'frame', ...common, ageMs: numberOrNull(header['age_ms']), jpeg };
}

function parsePacket(header: Fields, data: Uint8Array<ArrayBuffer>): Packet | null {
  const common = parseCommon(header);
  const { pts_us: ptsUs, key, stream, codec } = header;
  if (common === null || !Number.isSafeInteger(ptsUs) || !isId(stream) || typeof key !== 'boolean') return null;
  if (codec !== 'h264' && codec !== 'h265') return null;
  return { type: 'packet', ...common, ptsUs: ptsUs as number, key, stream, codec, data };
}
