import { describe, expect, it } from 'vitest';

import type { Packet, StreamCodec } from '../src/media';
import { codecString, h264Format, h265Format, kindOf, nalUnits, parameterSets } from '../src/video/annexb';
import { BitReader, unescaped } from '../src/video/bits';
import { join } from '../src/video/mp4_boxes';
import { Muxer } from '../src/video/muxer';
import { demux, encode, hasFfmpeg, type Unit } from './ffmpeg.mjs';

function packet(codec: StreamCodec, unit: Unit, frameId: number, more: Partial<Packet> = {}): Packet {
  return { type: 'packet', frameId, capturedAtMs: frameId, stream: 1, codec, width: 320, height: 180, ...unit, ...more };
}

describe('Annex B', () => {
  it('is taken apart at start codes of three and four bytes, without the zeros at the end', () => {
    const data = new Uint8Array([0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 0, 1, 0x65, 0, 0, 3, 1, 9, 0, 0]);
    expect(nalUnits(data).map((unit) => [...unit])).toEqual([[0x67, 1, 2], [0x68, 3], [0x65, 0, 0, 3, 1, 9]]); // prettier-ignore
    for (const nothing of [[], [1], [0, 0, 1], [5, 5, 1, 5], [0, 0, 0, 0]]) expect(nalUnits(new Uint8Array(nothing))).toEqual([]);
  });

  it('has parameter sets or not', () => {
    const [sps, pps, idr] = [[0x67, 66, 0, 30], [0x68, 1], [0x65, 9]].map((unit) => new Uint8Array(unit)); // prettier-ignore
    expect(parameterSets([sps!, pps!, idr!], 'h264')).toMatchObject({ sps: [sps], pps: [pps] });
    expect(parameterSets([sps!, idr!], 'h264')).toBeNull();
    expect(parameterSets([new Uint8Array([0x67]), pps!], 'h264')).toBeNull();
    expect(parameterSets([], 'h265')).toBeNull();
    expect(kindOf(idr!, 'h264')).toBe('picture');
  });
});

describe('bits', () => {
  it('are read at fixed width and as Exp-Golomb, zeros beyond the end', () => {
    const reader = new BitReader(new Uint8Array([0b1010_0011, 0b0001_0000, 0b0000_0000]));
    expect([reader.golomb(), reader.golomb(), reader.golomb(), reader.golomb()]).toEqual([0, 1, 5, 3]);
    expect(reader.bits(1)).toBe(0);
    const empty = new BitReader(new Uint8Array());
    expect(empty.bits(8)).toBe(0);
    expect(empty.golomb()).toBeGreaterThan(2 ** 31);
  });

  it('are freed of emulation prevention', () => {
    expect([...unescaped(new Uint8Array([0, 0, 3, 1, 0, 0, 3, 0, 0, 3]))]).toEqual([0, 0, 1, 0, 0, 0, 0]);
  });
});

describe.skipIf(!hasFfmpeg())('what ffmpeg reads of what is muxed here', () => {
  const kinds: [string, StreamCodec, string, RegExp][] = [
    ['H.264 without B-frames', 'h264', 'keyint=25:bframes=0', /^avc1\.6400[0-9A-F]{2}$/],
    ['H.264 with three B-frames that others refer to', 'h264', 'keyint=25:bframes=3:b-adapt=0:b-pyramid=normal', /^avc1\.6400/],
    ['H.264, several slices', 'h264', 'keyint=25:bframes=1:slices=3', /^avc1\.6400/],
    ['H.265 with B-frames', 'h265', 'keyint=25:bframes=3:b-adapt=0', /^hvc1\.1\.6\.L\d+\.90$/],
  ];
  it.each(kinds)('%s: every picture, at its time', async (_what, codec, options, codecs) => {
    const { stream, pictures, count } = await encode(codec, { width: 320, height: 180, frames: 60, options });
    expect(stream).toHaveLength(count);
    const muxer = new Muxer();
    const segments = stream.map((unit, i) => muxer.add(packet(codec, unit, i))!);
    expect(segments.filter((segment) => segment.init !== null)).toHaveLength(1); // the sets are the same at each keyframe
    expect(segments[0]!.codecs).toMatch(codecs);
    const shift = segments[0]!.timeUs - stream[0]!.ptsUs;
    const read = await demux(join(segments.flatMap(({ init, media }) => (init === null ? [media] : [init, media]))));
    expect(read.packets).toEqual(stream.map(({ ptsUs, key }) => ({ ptsUs: ptsUs + shift, key })));
    expect(read.pictures).toEqual(pictures);
    expect(segments.map(({ timeUs }) => timeUs)).toEqual(stream.map(({ ptsUs }) => ptsUs + shift));
  });

  it('says what the parameter sets do', async () => {
    const deep = (await encode('h264', { width: 320, height: 180, frames: 2, options: 'keyint=25' })).stream[0]!;
    const sets = parameterSets(nalUnits(deep.data), 'h264')!;
    expect(h264Format(sets.sps[0]!)).toEqual({ chroma: 1, lumaDepth: 0, chromaDepth: 0 });
    const h265 = (await encode('h265', { width: 320, height: 180, frames: 2, options: 'keyint=25' })).stream[0]!;
    const others = parameterSets(nalUnits(h265.data), 'h265')!;
    expect(h265Format(others.sps[0]!)).toMatchObject({ chroma: 1, lumaDepth: 0, chromaDepth: 0, subLayers: 1 });
    expect(codecString(others)).toMatch(/^hvc1/);
  });

  it('another stream goes on behind the one before, with its own parameter sets', async () => {
    const first = (await encode('h264', { width: 320, height: 180, frames: 5, options: 'keyint=25:bframes=0' })).stream;
    const other = (await encode('h264', { width: 640, height: 360, frames: 5, options: 'keyint=25:bframes=0' })).stream;
    const muxer = new Muxer();
    const before = first.map((unit, i) => muxer.add(packet('h264', unit, i))!);
    const end = before.at(-1)!.timeUs;
    muxer.reset();
    expect(muxer.add(packet('h264', other[1]!, 9))).toBeNull(); // no keyframe
    const after = other.map((unit, i) => muxer.add(packet('h264', unit, 10 + i, { stream: 2, width: 640, height: 360 }), end + 1_000_000)!);
    expect(after[0]!.init).not.toBeNull();
    expect(after.map(({ timeUs }) => timeUs - end)).toEqual(other.map(({ ptsUs }) => 1_000_000 + ptsUs - other[0]!.ptsUs));
  });

  it.each([0, 2])('a file that begins anew goes on behind its end, %i B-frames', async (b) => {
    const { stream } = await encode('h264', { width: 320, height: 180, frames: 30, options: `keyint=10:bframes=${b}:b-adapt=0` });
    const muxer = new Muxer();
    let newest = 0;
    const add = (unit: Unit, i: number) => {
      const segment = muxer.add(packet('h264', unit, i), newest === 0 ? undefined : newest + 40_000)!;
      newest = Math.max(newest, segment.timeUs);
      return segment;
    };
    const first = stream.map(add);
    const end = newest;
    const again = stream.map(add);
    expect(again.every(({ init }) => init === null)).toBe(true);
    expect(again.map(({ timeUs }) => timeUs - end)).toEqual(stream.map(({ ptsUs }) => 40_000 + ptsUs - stream[0]!.ptsUs));
    const read = await demux(join([...first, ...again].flatMap(({ init, media }) => (init === null ? [media] : [init, media]))));
    expect(read.packets.map(({ ptsUs }) => ptsUs)).toEqual([...first, ...again].map(({ timeUs }) => timeUs));
  });
});

// Decode times as a browser judges them: never back, and never further than two durations ahead but at a keyframe.
function decodeTimes(ptsUs: readonly number[], keys: readonly number[] = [0]): { steps: number[]; durations: number[] } {
  const data = new Uint8Array([0, 0, 1, 0x67, 66, 0, 30, 0, 0, 1, 0x68, 1, 0, 0, 1, 0x65, 9]);
  const muxer = new Muxer();
  const read = ptsUs.map((time, i) => {
    const { media } = muxer.add(packet('h264', { data, ptsUs: time, key: keys.includes(i) }, i))!;
    const view = new DataView(media.buffer);
    const find = (name: string) => String.fromCharCode(...media).indexOf(name);
    return { decode: Number(view.getBigUint64(find('tfdt') + 8)), duration: view.getUint32(find('trun') + 16) };
  });
  return {
    steps: read.slice(1).map(({ decode }, i) => decode - read[i]!.decode),
    durations: read.map(({ duration }) => duration),
  };
}

describe('made-up decode times', () => {
  const frames = (count: number, gap: number) => Array.from({ length: count }, (_, i) => i * gap);
  const check = ({ steps, durations }: ReturnType<typeof decodeTimes>) =>
    steps.forEach((step, i) => {
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThanOrEqual(2 * durations[i]!);
    });

  it('follow an even stream', () => {
    const times = decodeTimes(frames(100, 33_333));
    check(times);
    expect(times.durations.at(-1)).toBe(33_333);
    expect(times.steps.at(-1)).toBe(33_333);
  });

  it('follow B-frames', () => {
    const order = frames(40, 120_000).flatMap((time) => (time === 0 ? [0] : [time, time - 80_000, time - 40_000]));
    const times = decodeTimes(order);
    check(times);
    const total = times.steps.reduce((sum, step) => sum + step, 0);
    expect(Math.abs(total - 39 * 120_000)).toBeLessThan(200_000);
  });

  it('follow a camera that becomes slower at night, and faster again', () => {
    let time = 0;
    const gaps = [...Array<number>(50).fill(33_333), ...Array<number>(50).fill(400_000), ...Array<number>(50).fill(33_333)];
    check(decodeTimes(gaps.map((gap) => (time += gap))));
  });

  it('jump only where a keyframe ends a gap', () => {
    const times = decodeTimes([0, 40_000, 80_000, 60_000_000, 60_040_000], [0, 3]);
    expect(times.steps[2]).toBeGreaterThan(59_000_000);
    expect(times.steps[3]).toBeLessThan(100_000);
  });
});
