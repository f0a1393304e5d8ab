// JPEGs, decoded only when they are shown: what is left out costs nothing.

import type { Packet, Picture } from '../media';
import type { Image, PictureSink, VideoPlayer } from './picture';

export class MjpegPlayer implements VideoPlayer {
  readonly path = 'mjpeg';

  constructor(private readonly sink: PictureSink) {}

  add(picture: Packet | Picture, receivedAt: number): void {
    if (picture.type !== 'frame') return;
    const { frameId, capturedAtMs, jpeg } = picture;
    this.sink.picture({ frameId, capturedAtMs, receivedAt, image: () => decode(jpeg), drop: () => undefined });
  }

  close(): void {}
}

async function decode(jpeg: Uint8Array<ArrayBuffer>): Promise<Image | null> {
  try {
    const bitmap = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
    return { source: bitmap, width: bitmap.width, height: bitmap.height, close: () => bitmap.close() };
  } catch {
    return null; // damaged: the next one follows
  }
}
