// The browser's decoder, fed with the camera's own access units: no buffer in between, so a picture comes out as soon as it can.
// Only where VideoDecoder exists: in secure contexts (https, localhost).

import type { Packet, Picture } from '../media';
import { codecString, nalUnits, parameterSets } from './annexb';
import { imageOf, Shows, type PictureSink, type VideoPlayer } from './picture';

const kBehind = 60; // packets the decoder hasn't begun with: it is too slow for them; a keyframe is a chance to leave them out
const kMostQueued = 2000; // more than any keyframe interval that comes in one go: it stands still
const kMostDecoding = 240; // remembered by pts: a keyframe interval that came in one go

export class WebCodecsPlayer implements VideoPlayer {
  readonly path = 'webcodecs';
  private decoder: VideoDecoder | null = null;
  private configured = '';
  private stream = -1;
  private readonly shows = new Shows(kMostDecoding);

  constructor(private readonly sink: PictureSink) {}

  add(packet: Packet | Picture, receivedAt: number): void {
    if (packet.type !== 'packet') return;
    if (packet.stream !== this.stream) this.letGo(); // nothing of before is referred to
    if ((this.decoder?.decodeQueueSize ?? 0) > (packet.key ? kBehind : kMostQueued)) this.letGo();
    if (packet.key && !this.configure(packet)) return;
    if (this.decoder === null) return;
    this.shows.add(packet.ptsUs, packet, receivedAt);
    try {
      const type = packet.key ? 'key' : 'delta';
      this.decoder.decode(new EncodedVideoChunk({ type, timestamp: packet.ptsUs, data: packet.data }));
    } catch (error) {
      this.fail(error);
    }
  }

  close(): void {
    this.letGo();
  }

  // True: the decoder is there and knows the stream of this keyframe.
  private configure(packet: Packet): boolean {
    const sets = parameterSets(nalUnits(packet.data), packet.codec);
    if (sets === null) return this.decoder !== null;
    const codec = codecString(sets);
    const wanted = `${codec} ${packet.width}x${packet.height}`;
    if (this.decoder !== null && wanted === this.configured) return true;
    try {
      this.decoder ??= this.open();
      // Without a description the access units are Annex B.
      this.decoder.configure({ codec, codedWidth: packet.width, codedHeight: packet.height, optimizeForLatency: true });
    } catch (error) {
      this.fail(error);
      return false;
    }
    this.configured = wanted;
    this.stream = packet.stream;
    return true;
  }

  private open(): VideoDecoder {
    const decoder: VideoDecoder = new VideoDecoder({
      output: (frame) => this.decoded(frame, decoder),
      error: (error) => decoder === this.decoder && this.fail(error),
    });
    return decoder;
  }

  private decoded(frame: VideoFrame, decoder: VideoDecoder): void {
    const shown = decoder === this.decoder ? this.shows.take(frame.timestamp) : null;
    if (shown === null) return frame.close();
    const { frameId, capturedAtMs } = shown.packet;
    const drop = () => frame.close();
    this.sink.picture({ frameId, capturedAtMs, receivedAt: shown.receivedAt, image: () => Promise.resolve(imageOf(frame)), drop });
  }

  private letGo(): void {
    const decoder = this.decoder;
    this.decoder = null;
    this.configured = '';
    this.shows.clear();
    if (decoder !== null && decoder.state !== 'closed') decoder.close();
  }

  private fail(error: unknown): void {
    this.letGo();
    this.sink.failed(`WebCodecs failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
