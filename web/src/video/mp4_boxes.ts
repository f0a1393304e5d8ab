// The boxes of a fragmented MP4 with one video track (ISO/IEC 14496-12 and -15), written as bytes. Pure.

import type { ParameterSets } from './annexb';
import { generalProfile, h264Format, h265Format, kHighProfiles } from './annexb';

type Part = Uint8Array | readonly number[];

const text = (word: string) => [...word].map((letter) => letter.charCodeAt(0));
export const u16 = (value: number) => [(value >> 8) & 0xff, value & 0xff];
export const u32 = (value: number) => [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
export const u64 = (value: number) => [...u32(Math.floor(value / 2 ** 32)), ...u32(value % 2 ** 32)];

export function join(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function box(name: string, ...parts: Part[]): Uint8Array<ArrayBuffer> {
  const body = join(parts);
  return join([u32(8 + body.length), text(name), body]);
}

export function fullBox(name: string, version: number, flags: number, ...parts: Part[]): Uint8Array<ArrayBuffer> {
  return box(name, u32(version * 2 ** 24 + flags), ...parts);
}

const kMatrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap(u32); // no rotation
const kTrack = 1;

const counted = (units: readonly Uint8Array[]): Part[] => units.flatMap((unit) => [u16(unit.length), unit]);

function avcConfiguration({ sps, pps }: ParameterSets): Uint8Array {
  const first = sps[0]!;
  const format = h264Format(first);
  const high = [0xfc | format.chroma, 0xf8 | format.lumaDepth, 0xf8 | format.chromaDepth, 0];
  const head = [1, first[1]!, first[2]!, first[3]!, 0xff, 0xe0 | sps.length]; // lengths of four bytes
  return box('avcC', head, ...counted(sps), [pps.length], ...counted(pps), kHighProfiles.includes(first[1]!) ? high : []);
}

function hevcConfiguration({ vps, sps, pps }: ParameterSets): Uint8Array {
  const format = h265Format(sps[0]!);
  const head = [0xf0, 0, 0xfc, 0xfc | format.chroma, 0xf8 | format.lumaDepth, 0xf8 | format.chromaDepth, 0, 0];
  const lengths = (format.subLayers << 3) | (format.nested << 2) | 3;
  const array = (type: number, units: readonly Uint8Array[]): Part[] => [[0x80 | type], u16(units.length), ...counted(units)];
  return box('hvcC', [1], generalProfile(sps[0]!), head, [lengths, 3], ...array(32, vps), ...array(33, sps), ...array(34, pps));
}

function sampleEntry(sets: ParameterSets, width: number, height: number): Uint8Array {
  const head = [0, 0, 0, 0, 0, 0, ...u16(1), ...new Array<number>(16).fill(0), ...u16(width), ...u16(height)];
  const rest = [...u32(0x480000), ...u32(0x480000), ...u32(0), ...u16(1), ...new Array<number>(32).fill(0), ...u16(24), 0xff, 0xff];
  return sets.codec === 'h264'
    ? box('avc1', head, rest, avcConfiguration(sets))
    : box('hvc1', head, rest, hevcConfiguration(sets));
}

// Initialisation segment: ftyp and moov.
export function initSegment(sets: ParameterSets, width: number, height: number, timescale: number): Uint8Array<ArrayBuffer> {
  const stamps = [...u32(0), ...u32(0)]; // created, modified: never
  const movie = fullBox('mvhd', 0, 0, stamps, u32(timescale), u32(0), u32(0x10000), u16(0x100), new Array<number>(10).fill(0), kMatrix,
    new Array<number>(24).fill(0), u32(kTrack + 1)); // prettier-ignore
  const header = fullBox('tkhd', 0, 3, stamps, u32(kTrack), u32(0), u32(0), new Array<number>(8).fill(0), new Array<number>(8).fill(0),
    kMatrix, u32(width * 0x10000), u32(height * 0x10000)); // prettier-ignore
  const none = ['stts', 'stsc', 'stco'].map((name) => fullBox(name, 0, 0, u32(0)));
  const table = box('stbl', fullBox('stsd', 0, 0, u32(1), sampleEntry(sets, width, height)), ...none, fullBox('stsz', 0, 0, u32(0), u32(0)));
  const source = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  const media = box(
    'mdia',
    fullBox('mdhd', 0, 0, stamps, u32(timescale), u32(0), u16(0x55c4), u16(0)), // language: undetermined
    fullBox('hdlr', 0, 0, u32(0), text('vide'), new Array<number>(12).fill(0), [0]),
    box('minf', fullBox('vmhd', 0, 1, new Array<number>(8).fill(0)), source, table),
  );
  const fragments = box('mvex', fullBox('trex', 0, 0, u32(kTrack), u32(1), u32(0), u32(0), u32(0)));
  return join([box('ftyp', text('isom'), u32(0x200), text('isomiso6mp41')), box('moov', movie, box('trak', header, media), fragments)]);
}

export interface Sample {
  sequence: number; // of the fragment, from 1 on
  decodeTime: number; // in the track's timescale
  offset: number; // presentation - decode time
  duration: number;
  key: boolean;
  units: readonly Uint8Array[];
}

// Media segment: moof and mdat of one sample.
export function mediaSegment(sample: Sample): Uint8Array<ArrayBuffer> {
  const data = box('mdat', ...sample.units.flatMap((unit) => [u32(unit.length), unit]));
  const flags = sample.key ? 0x2000000 : 0x1010000; // depends on no other; depends on others, no sync sample
  const moof = (dataOffset: number) =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(sample.sequence)),
      box(
        'traf',
        fullBox('tfhd', 0, 0x20000, u32(kTrack)), // offsets count from the moof on
        fullBox('tfdt', 1, 0, u64(sample.decodeTime)),
        fullBox('trun', 1, 0xf01, u32(1), u32(dataOffset), u32(sample.duration), u32(data.length - 8), u32(flags), u32(sample.offset)),
      ),
    );
  return join([moof(moof(0).length + 8), data]);
}
