// Which way the pictures come, in words. Pure.

import { duration } from './format';
import { codecName, pathName } from './video/paths';
import type { Running } from './video/feed';

const kSources = { camera: "the camera's own", encoded: 'one encoding for all viewers', pixels: 'made for this page' } as const;

// "WebCodecs: H.264, the camera's own"
export function pathLine(running: Running | null): string {
  if (running === null) return 'no picture yet';
  const { path, video } = running;
  if (video === null) return pathName(path);
  const name = path === 'mjpeg' ? 'MJPEG' : `${pathName(path)}: ${codecName(video.codec)}`;
  return `${name}, ${kSources[video.source]}`;
}

// This page's reason and the gateway's, as sentences; '': nothing to explain.
export function pathReason(running: Running | null): string {
  if (running === null) return '';
  return [running.why, running.video?.why ?? ''].filter((why) => why !== '').map(sentence).join(' ');
}

function sentence(text: string): string {
  const first = text.charAt(0);
  const begun = text.startsWith('this ') || text.startsWith('the ') ? first.toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

// "84 ms ± 1"
export function latencyText(latencyMs: number | null, errorMs: number | null): string {
  const text = duration(latencyMs);
  return latencyMs === null || errorMs === null || errorMs < 0.5 ? text : `${text} ± ${Math.round(errorMs)}`;
}
