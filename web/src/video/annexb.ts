// What an access unit in Annex B form consists of, and what its parameter sets say of the stream. Pure.

import type { StreamCodec } from '../media';
import { BitReader, unescaped } from './bits';

// The NAL units between the start codes 00 00 01 (a fourth zero in front and zeros at the end belong to none).
export function nalUnits(data: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let begin = -1;
  const close = (end: number) => {
    while (end > begin && data[end - 1] === 0) end--;
    if (begin >= 0 && end > begin) units.push(data.subarray(begin, end));
  };
  for (let at = data.indexOf(1, 2); at >= 0; at = data.indexOf(1, at + 1)) {
    if (data[at - 1] !== 0 || data[at - 2] !== 0) continue;
    close(at - 2);
    begin = at + 1;
  }
  close(data.length);
  return units;
}

export type UnitKind = 'vps' | 'sps' | 'pps' | 'delimiter' | 'picture';

// What a NAL unit is for a muxer: parameter sets, access unit delimiter, or a part of the picture (slices, SEI).
export function kindOf(unit: Uint8Array, codec: StreamCodec): UnitKind {
  const kinds: Record<number, UnitKind> =
    codec === 'h264' ? { 7: 'sps', 8: 'pps', 9: 'delimiter' } : { 32: 'vps', 33: 'sps', 34: 'pps', 35: 'delimiter' };
  const type = codec === 'h264' ? unit[0]! & 0x1f : (unit[0]! >> 1) & 0x3f;
  return kinds[type] ?? 'picture';
}

export interface ParameterSets {
  codec: StreamCodec;
  vps: Uint8Array[]; // H.265 only
  sps: Uint8Array[];
  pps: Uint8Array[];
}

// Null: the access unit hasn't got all of them.
export function parameterSets(units: readonly Uint8Array[], codec: StreamCodec): ParameterSets | null {
  const of = (kind: UnitKind) => units.filter((unit) => kindOf(unit, codec) === kind);
  const sets = { codec, vps: of('vps'), sps: of('sps'), pps: of('pps') };
  const whole = sets.sps.some((unit) => unit.length >= 4) && sets.pps.length > 0 && (codec === 'h264' || sets.vps.length > 0);
  return whole ? sets : null;
}

export function sameSets(one: ParameterSets | null, other: ParameterSets): boolean {
  if (one === null || one.codec !== other.codec) return false;
  const flat = (sets: ParameterSets) => [...sets.vps, ...sets.sps, ...sets.pps];
  const [a, b] = [flat(one), flat(other)];
  return a.length === b.length && a.every((unit, i) => unit.length === b[i]!.length && unit.every((byte, k) => byte === b[i]![k]));
}

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0');

// RFC 6381, as MSE and WebCodecs want it.
export function codecString(sets: ParameterSets): string {
  return sets.codec === 'h264' ? `avc1.${[...sets.sps[0]!.subarray(1, 4)].map(hex).join('')}` : h265String(sets.sps[0]!);
}

// ISO/IEC 14496-15 annex E: profile, compatibility flags in reverse, tier and level, constraint bytes without the zeros at the end.
function h265String(sps: Uint8Array): string {
  const profile = generalProfile(sps);
  const reader = new BitReader(profile);
  const space = ['', 'A', 'B', 'C'][reader.bits(2)]!;
  const tier = reader.bits(1) === 1 ? 'H' : 'L';
  const idc = reader.bits(5);
  let flags = 0;
  for (let bit = 0; bit < 32; bit++) flags += reader.bits(1) * 2 ** bit;
  const constraints = [...profile.subarray(5, 11)];
  while (constraints.at(-1) === 0) constraints.pop();
  const rest = constraints.map((byte) => `.${hex(byte)}`).join('');
  return `hvc1.${space}${idc}.${flags.toString(16).toUpperCase()}.${tier}${profile[11] ?? 0}${rest}`;
}

// The 12 bytes that SPS and decoder configuration have in common: profile, compatibility, constraints, level.
export function generalProfile(h265Sps: Uint8Array): Uint8Array {
  const profile = new Uint8Array(12);
  profile.set(unescaped(h265Sps).subarray(3, 15));
  return profile;
}

export interface SampleFormat {
  chroma: number; // chroma_format_idc, 1: 4:2:0
  lumaDepth: number; // bits - 8
  chromaDepth: number;
}

// H.264 7.3.2.1.1: only the high profiles say it.
export const kHighProfiles: readonly number[] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

export function h264Format(sps: Uint8Array): SampleFormat {
  const reader = new BitReader(unescaped(sps));
  reader.skip(8);
  const profile = reader.bits(8);
  reader.skip(16);
  reader.golomb(); // seq_parameter_set_id
  if (!kHighProfiles.includes(profile)) return { chroma: 1, lumaDepth: 0, chromaDepth: 0 };
  const chroma = reader.golomb();
  if (chroma === 3) reader.skip(1);
  return { chroma, lumaDepth: reader.golomb(), chromaDepth: reader.golomb() };
}

// H.265 7.3.2.2.1 and 7.3.3.
export function h265Format(sps: Uint8Array): SampleFormat & { subLayers: number; nested: number } {
  const reader = new BitReader(unescaped(sps));
  reader.skip(16 + 4);
  const subLayers = reader.bits(3) + 1;
  const nested = reader.bits(1);
  reader.skip(96);
  skipSubLayers(reader, subLayers - 1);
  reader.golomb(); // sps_seq_parameter_set_id
  const chroma = reader.golomb();
  if (chroma === 3) reader.skip(1);
  reader.golomb(); // width
  reader.golomb(); // height
  if (reader.bits(1) === 1) for (let edge = 0; edge < 4; edge++) reader.golomb();
  return { chroma, lumaDepth: reader.golomb(), chromaDepth: reader.golomb(), subLayers, nested };
}

function skipSubLayers(reader: BitReader, count: number): void {
  if (count === 0) return;
  const present = Array.from({ length: 8 }, (_, layer) => {
    const [profile, level] = [reader.bits(1), reader.bits(1)]; // from `count` on: reserved
    return layer < count ? { profile, level } : { profile: 0, level: 0 };
  });
  for (const { profile, level } of present) reader.skip(profile * 88 + level * 8);
}
