// Between the picture as the camera gives it, which masks are relative to, and the picture as everybody gets it: flipped first, then
// turned clockwise (apps/capture/retouch.cpp does the same to masks). Pure.

import { fieldsOf } from '../fields';
import type { Point } from '../places';

export interface Orientation {
  rotate: 0 | 90 | 180 | 270; // degrees
  flip: 'none' | 'horizontal' | 'vertical' | 'both';
}

export const kUpright: Orientation = { rotate: 0, flip: 'none' };

const kRotations: readonly unknown[] = [0, 90, 180, 270];
const kFlips: readonly unknown[] = ['none', 'horizontal', 'vertical', 'both'];

// Of the answer of GET /api/cameras/{camera}; null: it doesn't say.
export function parseOrientation(answer: unknown): Orientation | null {
  const { rotate, flip } = fieldsOf(answer) ?? {};
  return kRotations.includes(rotate) && kFlips.includes(flip) ? ({ rotate, flip } as Orientation) : null;
}

// There and back is exactly where it began: what a sum of doubles leaves over is cut off.
function exact(x: number, y: number): Point {
  const rounded = (value: number) => Math.round(value * 1e9) / 1e9;
  return { x: rounded(x), y: rounded(y) };
}

function flipped({ x, y }: Point, flip: Orientation['flip']): Point {
  return { x: flip === 'horizontal' || flip === 'both' ? 1 - x : x, y: flip === 'vertical' || flip === 'both' ? 1 - y : y };
}

function turned({ x, y }: Point, rotate: Orientation['rotate']): Point {
  if (rotate === 90) return { x: 1 - y, y: x };
  if (rotate === 180) return { x: 1 - x, y: 1 - y };
  return rotate === 270 ? { x: y, y: 1 - x } : { x, y };
}

// From the camera's picture to the one that is shown.
export function toShown(point: Point, { rotate, flip }: Orientation): Point {
  const { x, y } = turned(flipped(point, flip), rotate);
  return exact(x, y);
}

// From the picture that is shown to the camera's.
export function toGiven(point: Point, { rotate, flip }: Orientation): Point {
  const back = rotate === 90 ? 270 : rotate === 270 ? 90 : rotate;
  const { x, y } = flipped(turned(point, back), flip);
  return exact(x, y);
}
