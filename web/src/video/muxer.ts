// Access units in Annex B form become a fragmented MP4 that MediaSource takes: an initialisation segment whenever the parameter sets
// change, then a fragment for each picture at once. The gateway says when a picture is shown (pts), not when it is decoded: decode
// times are made up here so that they grow evenly, since browsers take a jump in them (more than two durations) for a gap and
// drop everything up to the next keyframe. Pure.

import type { Packet } from '../media';
import { codecString, kindOf, nalUnits, parameterSets, sameSets, type ParameterSets } from './annexb';
import { initSegment, mediaSegment } from './mp4_boxes';

export const kTimescale = 1_000_000; // presentation times are the packets' own microseconds: they come back from the browser as they were
const kFirstDuration = 40_000;
const kLongestDuration = 1_000_000;
const kLead = 500_000; // decode times begin so much before presentation: room for B-frames
const kOrigin = 10_000_000; // where the first picture is: later streams may begin before it in their own clock

export interface Segment {
  init: Uint8Array<ArrayBuffer> | null; // to append first
  codecs: string; // of `init`, RFC 6381
  media: Uint8Array<ArrayBuffer>;
  timeUs: number; // when the media element shows it
}

export class Muxer {
  private sets: ParameterSets | null = null;
  private size = '';
  private sequence = 0;
  private shift = 0; // media time - pts
  private decodeTime = 0;
  private newestPts = 0;
  private duration = kFirstDuration;

  // `continueAtUs`: where a stream's first picture is put, and that of a file which begins anew (its times go back at a keyframe).
  // Null: it can't be decoded, nothing came that it could refer to.
  add(packet: Packet, continueAtUs = kOrigin): Segment | null {
    const units = nalUnits(packet.data);
    const found = packet.key ? parameterSets(units, packet.codec) : null;
    const begins = this.sets === null;
    if (begins && found === null) return null;
    const size = `${packet.width}x${packet.height}`;
    const changed = found !== null && (!sameSets(this.sets, found) || size !== this.size);
    if (changed) {
      this.sets = found;
      this.size = size;
    }
    if (begins || (packet.key && packet.ptsUs <= this.newestPts)) this.begin(packet.ptsUs, continueAtUs);
    else this.advance(packet);
    const timeUs = packet.ptsUs + this.shift;
    const media = mediaSegment({
      sequence: ++this.sequence,
      decodeTime: this.decodeTime,
      offset: timeUs - this.decodeTime,
      duration: this.duration,
      key: packet.key,
      units: units.filter((unit) => kindOf(unit, packet.codec) === 'picture'),
    });
    const init = changed ? initSegment(this.sets!, packet.width, packet.height, kTimescale) : null;
    return { init, codecs: codecString(this.sets!), media, timeUs };
  }

  // The next packet begins a stream of its own.
  reset(): void {
    this.sets = null;
  }

  private begin(ptsUs: number, continueAtUs: number): void {
    this.shift = continueAtUs - ptsUs;
    this.decodeTime = continueAtUs - kLead;
    this.newestPts = ptsUs;
    this.duration = kFirstDuration;
  }

  private advance({ ptsUs, key }: Packet): void {
    const due = ptsUs + this.shift - kLead;
    const step = this.duration;
    // After a gap that ends with a keyframe nothing is lost by a jump.
    if (key && due > this.decodeTime + kLongestDuration) this.decodeTime = due;
    else this.decodeTime += Math.round(Math.min(1.9 * step, Math.max(0.1 * step, due - this.decodeTime)));
    if (ptsUs <= this.newestPts) return; // a B-frame: shown between pictures that came before
    this.duration = Math.min(kLongestDuration, Math.max(1000, this.nextDuration(ptsUs)));
    this.newestPts = ptsUs;
  }

  // The gap to the newest picture so far; with B-frames in between it is several pictures long, so a smaller one counts at once
  // and a larger one little by little.
  private nextDuration(ptsUs: number): number {
    const gap = ptsUs - this.newestPts;
    return gap < this.duration ? gap : Math.round(Math.min(gap, this.duration * 1.5));
  }
}
