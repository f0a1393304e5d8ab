// Which way the pictures are decoded: WebCodecs, else MSE, else JPEGs. What the browser can is asked once; what has failed is left
// out; the page's address may force one (?path=webcodecs, mse or mjpeg). Every choice has a reason in words.

import type { Codec, StreamCodec, Video } from '../media';
import { mediaSourceClass, mimeType } from './mse';
import type { PathName } from './picture';

type StreamPath = Exclude<PathName, 'mjpeg'>;
const kStreamPaths: readonly StreamPath[] = ['webcodecs', 'mse'];

// H.264 high, level 4.0; H.265 main, level 4.0: what cameras send. Asked before the camera's own are known.
const kTypical: Record<StreamCodec, string> = { h264: 'avc1.640028', h265: 'hvc1.1.6.L120.90' };

export interface Browser {
  // Null: it can; else why not.
  refuses(path: StreamPath, codec: string): Promise<string | null>;
}

export const kThisBrowser: Browser = {
  refuses: (path, codec) => (path === 'webcodecs' ? webCodecsRefuses(codec) : Promise.resolve(mseRefuses(codec))),
};

async function webCodecsRefuses(codec: string): Promise<string | null> {
  if (!globalThis.isSecureContext) return 'WebCodecs needs https or localhost';
  if (typeof VideoDecoder === 'undefined') return 'this browser has no WebCodecs';
  try {
    if ((await VideoDecoder.isConfigSupported({ codec, optimizeForLatency: true })).supported === true) return null;
  } catch {
    // not even understood
  }
  return `WebCodecs can't decode ${codecName(codec)} here`;
}

function mseRefuses(codec: string): string | null {
  const source = mediaSourceClass();
  if (source === null) return 'this browser has no MediaSource for video frames';
  return source.isTypeSupported(mimeType(codec)) ? null : `MSE can't play ${codecName(codec)} here`;
}

export function forcedPath(search: string): PathName | null {
  const path = new URLSearchParams(search).get('path');
  return path === 'webcodecs' || path === 'mse' || path === 'mjpeg' ? path : null;
}

export interface Chosen {
  path: PathName | null; // null: none that is left plays this codec: ask for another one
  why: string; // '': it is the first choice
}

export class Paths {
  private readonly failed = new Map<PathName, string>();
  private readonly unplayable = new Map<Codec, string>(); // as the gateway sends it, whatever is played of its kind
  private readonly refusals = new Map<string, string | null>();

  constructor(
    private readonly forced: PathName | null,
    private readonly browser: Browser = kThisBrowser,
  ) {}

  // The codecs to ask the gateway for, best first; JPEGs always play.
  async codecs(): Promise<Codec[]> {
    const codecs: Codec[] = [];
    for (const codec of ['h264', 'h265'] as const) {
      if (!this.unplayable.has(codec) && (await this.firstFor(kTypical[codec])).path !== null) codecs.push(codec);
    }
    return [...codecs, 'mjpeg'];
  }

  // The way for what the gateway sends.
  async choose(video: Video): Promise<Chosen> {
    if (video.codec !== 'mjpeg') {
      const chosen = await this.firstFor(video.codecString || kTypical[video.codec]);
      if (chosen.path === null) this.unplayable.set(video.codec, chosen.why);
      return chosen;
    }
    if (this.forced === 'mjpeg') return { path: 'mjpeg', why: kForced };
    // JPEGs although a stream was asked for: the gateway has said why. Else we have, by what we asked for.
    const { path, why } = await this.firstFor(kTypical.h264);
    return { path: 'mjpeg', why: path === null ? why : [...this.unplayable.values()].join('; ') };
  }

  // It is not tried again.
  fail(path: PathName, reason: string): void {
    this.failed.set(path, reason);
  }

  private async firstFor(codec: string): Promise<Chosen> {
    if (this.forced === 'mjpeg') return { path: null, why: kForced };
    const reasons: string[] = [];
    for (const path of kStreamPaths) {
      if (this.forced !== null && path !== this.forced) continue;
      const reason = this.failed.get(path) ?? (await this.refusal(path, codec));
      if (reason === null) return { path, why: [...(this.forced === null ? [] : [kForced]), ...reasons].join('; ') };
      reasons.push(reason);
    }
    return { path: null, why: reasons.join('; ') };
  }

  private async refusal(path: StreamPath, codec: string): Promise<string | null> {
    const key = `${path} ${codec}`;
    if (!this.refusals.has(key)) this.refusals.set(key, await this.browser.refuses(path, codec));
    return this.refusals.get(key)!;
  }
}

const kForced = "the page's address asks for it";

const kPathNames: Record<PathName, string> = { webcodecs: 'WebCodecs', mse: 'MSE', mjpeg: 'MJPEG' };

export function pathName(path: PathName): string {
  return kPathNames[path];
}

export function codecName(codec: string): string {
  if (codec === 'h264' || codec.startsWith('avc')) return 'H.264';
  if (codec === 'h265' || /^h(vc|ev)1/.test(codec)) return 'H.265';
  return codec === 'mjpeg' ? 'MJPEG' : codec;
}
