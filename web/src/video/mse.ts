// The browser's media element, fed with a fragmented MP4 that is made here: works in plain http too. It plays in its own time, so it
// is kept near the newest picture; each picture it presents is taken from it and shown by its frame id like any other.

import type { Packet, Picture } from '../media';
import { join } from './mp4_boxes';
import { Muxer } from './muxer';
import { imageOf, Shows, type Image, type PictureSink, type VideoPlayer } from './picture';

const kNext = 40_000; // us between the last picture of a stream and the first of the next one
const kMostPresenting = 480;
const kSlackUs = 900; // half of the least duration
const kTooFar = 0.35; // seconds behind the newest picture: play faster
const kLost = 1.2; // seek
const kFaster = 1.15;
const kSeekPatience = 4000; // ms
const kKept = 10; // seconds of what was shown stay in the buffer
const kMostAppends = 4000; // not taken yet, more than any keyframe interval that comes in one go: it stands still

type MediaSourceClass = typeof MediaSource;

// Safari on a phone has only the managed one.
export function mediaSourceClass(): MediaSourceClass | null {
  const scope = globalThis as { ManagedMediaSource?: MediaSourceClass; MediaSource?: MediaSourceClass };
  const found = scope.ManagedMediaSource ?? scope.MediaSource ?? null;
  return typeof HTMLVideoElement !== 'undefined' && 'requestVideoFrameCallback' in HTMLVideoElement.prototype ? found : null;
}

export class MsePlayer implements VideoPlayer {
  readonly path = 'mse';
  private readonly video = document.createElement('video');
  private readonly source: MediaSource;
  private readonly url: string;
  private buffer: SourceBuffer | null = null;
  private codecs = '';
  private stream = -1;
  private readonly muxer = new Muxer();
  private readonly shows = new Shows(kMostPresenting);
  private appends: { bytes: Uint8Array<ArrayBuffer>; codecs: string }[] = [];
  private newestUs = 0; // of what was fed
  private seekedAt = -Infinity;
  private presentedSince = true; // a picture, since it sought
  private closed = false;

  constructor(private readonly sink: PictureSink) {
    const { video } = this;
    this.source = new (mediaSourceClass()!)();
    this.url = URL.createObjectURL(this.source);
    this.source.addEventListener('sourceopen', () => this.pump());
    video.muted = true;
    video.playsInline = true;
    video.disableRemotePlayback = true; // or a managed source never opens
    video.addEventListener('error', () => this.fail(video.error?.message || 'the media element refuses the stream'));
    video.src = this.url;
    video.requestVideoFrameCallback(this.presented);
  }

  add(packet: Packet | Picture, receivedAt: number): void {
    if (packet.type !== 'packet' || this.closed) return;
    if (packet.stream !== this.stream) {
      if (!packet.key) return;
      this.muxer.reset();
      this.stream = packet.stream;
    }
    // A stream that follows another one is put right behind it.
    const segment = this.muxer.add(packet, this.newestUs === 0 ? undefined : this.newestUs + kNext);
    if (segment === null) return;
    this.shows.add(segment.timeUs, packet, receivedAt);
    this.newestUs = Math.max(this.newestUs, segment.timeUs);
    if (segment.init !== null) this.appends.push({ bytes: segment.init, codecs: segment.codecs });
    this.appends.push({ bytes: segment.media, codecs: segment.codecs });
    if (this.appends.length > kMostAppends) return this.fail('the media element takes nothing more');
    this.pump();
    this.follow();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.appends = [];
    this.video.removeAttribute('src');
    this.video.load();
    URL.revokeObjectURL(this.url);
  }

  // Hands what has come to the buffer when it is ready for more.
  private pump(): void {
    if (this.closed || this.source.readyState !== 'open' || this.buffer?.updating === true) return;
    const next = this.appends[0];
    if (next === undefined) return this.trim();
    const others = this.appends.findIndex(({ codecs }) => codecs !== next.codecs);
    const taken = this.appends.splice(0, others < 0 ? this.appends.length : others);
    try {
      this.buffer ??= this.openBuffer(next.codecs);
      if (next.codecs !== this.codecs) this.buffer.changeType(mimeType(next.codecs));
      this.codecs = next.codecs;
      this.buffer.appendBuffer(join(taken.map(({ bytes }) => bytes)));
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private openBuffer(codecs: string): SourceBuffer {
    const buffer = this.source.addSourceBuffer(mimeType(codecs));
    this.codecs = codecs;
    buffer.addEventListener('updateend', () => {
      this.start();
      this.pump();
    });
    buffer.addEventListener('error', () => this.fail('the media buffer refuses the stream'));
    return buffer;
  }

  // Gives the memory of what was shown long ago back.
  private trim(): void {
    const buffered = this.buffer?.buffered;
    if (buffered === undefined || buffered.length === 0) return;
    const begin = buffered.start(0);
    if (this.video.currentTime - begin > 2 * kKept) this.buffer!.remove(0, this.video.currentTime - kKept);
  }

  private start(): void {
    const { video } = this;
    if (!video.paused || this.closed) return;
    // Refused: a browser that wants a click first. The next piece tries again.
    video.play().catch(() => undefined);
    this.follow();
  }

  // Stays near the newest picture.
  private follow(): void {
    const buffered = this.buffer?.buffered;
    if (buffered === undefined || buffered.length === 0) return;
    const { video } = this;
    const [begin, end] = [buffered.start(buffered.length - 1), buffered.end(buffered.length - 1)];
    const newest = Math.min(end, this.newestUs / 1e6);
    const behind = newest - video.currentTime;
    if ((behind > kLost || video.currentTime < begin) && this.maySeek()) video.currentTime = Math.max(begin, newest - 0.05);
    const rate = behind > kTooFar ? kFaster : 1;
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }

  // A slow machine needs a while from the keyframe to where it was sent; sent on again meanwhile it would never get there.
  private maySeek(): boolean {
    const now = performance.now();
    if (this.video.seeking || (!this.presentedSince && now - this.seekedAt < kSeekPatience)) return false;
    this.seekedAt = now;
    this.presentedSince = false;
    return true;
  }

  private readonly presented = (_now: number, metadata: VideoFrameCallbackMetadata): void => {
    if (this.closed) return;
    this.video.requestVideoFrameCallback(this.presented);
    this.presentedSince = true;
    this.take(metadata.mediaTime);
  };

  // A frame says itself which one it is; without VideoFrame the callback does.
  private take(mediaTime: number): void {
    const frame = typeof VideoFrame === 'undefined' ? null : new VideoFrame(this.video);
    const shown = this.shows.take(frame?.timestamp ?? Math.round(mediaTime * 1e6), kSlackUs);
    if (shown === null) return frame?.close();
    const { frameId, capturedAtMs } = shown.packet;
    const common = { frameId, capturedAtMs, receivedAt: shown.receivedAt };
    if (frame !== null) {
      return this.sink.picture({ ...common, image: () => Promise.resolve(imageOf(frame)), drop: () => frame.close() });
    }
    const copy = bitmapOf(this.video); // now: the element goes on
    this.sink.picture({ ...common, image: () => copy, drop: () => void copy.then((image) => image?.close()) });
  }

  private fail(reason: string): void {
    if (this.closed) return;
    this.close();
    this.sink.failed(`MSE failed: ${reason}`);
  }
}

export function mimeType(codecs: string): string {
  return `video/mp4; codecs="${codecs}"`;
}

async function bitmapOf(video: HTMLVideoElement): Promise<Image | null> {
  try {
    const bitmap = await createImageBitmap(video);
    return { source: bitmap, width: bitmap.width, height: bitmap.height, close: () => bitmap.close() };
  } catch {
    return null;
  }
}
