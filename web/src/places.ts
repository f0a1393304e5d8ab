// Zones and lines of a camera, as the API gives them and as they are drawn over the picture. Pure.

import { fieldsOf } from './fields';

export interface Point {
  x: number; // relative to the picture
  y: number;
}

export interface Place {
  kind: 'zone' | 'line';
  name: string;
  points: Point[]; // a zone's corners (3 or more), a line's two ends
}

// "0,0 0.3,0 0.3,0.2"; null: it isn't that.
export function parsePoints(text: unknown): Point[] | null {
  if (typeof text !== 'string') return null;
  const points = text.trim().split(/\s+/).map((pair) => {
    const [x, y, ...more] = pair.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
    return x !== undefined && y !== undefined && Number.isFinite(x) && Number.isFinite(y) && more.length === 0 ? { x, y } : null;
  }); // prettier-ignore
  return points.every((point) => point !== null) ? points : null;
}

// The answer of GET /api/cameras/{camera}/settings/{zones|lines}; what can't be read is left out.
export function parsePlaces(answer: unknown, kind: Place['kind']): Place[] {
  const list = fieldsOf(answer)?.['value'];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item) => {
    const { name, polygon, points: ends } = fieldsOf(item) ?? {};
    const points = parsePoints(kind === 'zone' ? polygon : ends);
    const enough = kind === 'zone' ? 3 : 2;
    return points !== null && points.length >= enough && typeof name === 'string' ? [{ kind, name, points }] : [];
  });
}
