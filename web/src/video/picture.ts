// What the ways to decode have in common: packets or JPEGs go in, pictures come out, each with the frame it shows.

import type { Packet, Picture } from '../media';

export type PathName = 'webcodecs' | 'mse' | 'mjpeg';

// Something that can be drawn; close() gives its memory back at once.
export interface Image {
  source: CanvasImageSource;
  width: number;
  height: number;
  close(): void;
}

// A picture that may be shown: decoded already, or by image(). Whoever has it calls image() or drop(), once.
export interface LivePicture {
  frameId: number;
  capturedAtMs: number; // gateway's clock
  receivedAt: number; // page's clock: when its bytes came
  image(): Promise<Image | null>; // null: it can't be decoded
  drop(): void;
}

export interface PictureSink {
  picture(picture: LivePicture): void;
  // It can't go on: another way must be found. `reason` is a sentence for people.
  failed(reason: string): void;
}

export interface VideoPlayer {
  readonly path: PathName;
  // In the order of decoding; the first one, and the first of another stream, is a keyframe.
  add(packet: Packet | Picture, receivedAt: number): void;
  close(): void;
}

// Of the packets that are being decoded: which frame a picture shows, by its presentation time.
export class Shows {
  private readonly byTime = new Map<number, { packet: Packet; receivedAt: number }>();

  constructor(private readonly most: number) {}

  add(timeUs: number, packet: Packet, receivedAt: number): void {
    this.byTime.set(timeUs, { packet, receivedAt });
    if (this.byTime.size > this.most) this.byTime.delete(this.byTime.keys().next().value!);
  }

  // `slackUs`: by how much a time may be off that went through a browser's floating point.
  take(timeUs: number, slackUs = 0): { packet: Packet; receivedAt: number } | null {
    for (const [time, shown] of this.byTime) {
      if (Math.abs(time - timeUs) > slackUs) continue;
      this.byTime.delete(time);
      return shown;
    }
    return null;
  }

  clear(): void {
    this.byTime.clear();
  }

  get size(): number {
    return this.byTime.size;
  }
}

export function imageOf(frame: VideoFrame): Image {
  return { source: frame, width: frame.displayWidth, height: frame.displayHeight, close: () => frame.close() };
}
