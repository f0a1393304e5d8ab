// Geometry of what is drawn on the picture. Positions are parts of the picture, 0..1 from its left and its top; y grows downwards. What
// is refused here is what the gateway would refuse (libs/rules/geometry.h). Pure.

import type { Point } from '../places';

export type { Point };

const kSteps = 10_000; // coordinates have four digits: finer than a pixel of any camera

export function clamped({ x, y }: Point): Point {
  const inside = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * kSteps) / kSteps;
  return { x: inside(x), y: inside(y) };
}

// Within `reach` of a border or of another corner a point is drawn to it. `width`, `height`: of the picture on the screen, pixels.
export function snapped(point: Point, others: readonly Point[], width: number, height: number, reach = 8): Point {
  const near = others
    .map((other) => ({ other, distance: Math.hypot((other.x - point.x) * width, (other.y - point.y) * height) }))
    .filter(({ distance }) => distance <= reach)
    .sort((a, b) => a.distance - b.distance)[0];
  if (near !== undefined) return near.other;
  const edge = (value: number, side: number) => (value * side <= reach ? 0 : (1 - value) * side <= reach ? 1 : value);
  return clamped({ x: edge(point.x, width), y: edge(point.y, height) });
}

// Positive: `point` is right of the way from `from` to `to`.
function cross(from: Point, to: Point, point: Point): number {
  return (to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x);
}

function between(a: Point, b: Point, point: Point): boolean {
  return (
    Math.min(a.x, b.x) <= point.x && point.x <= Math.max(a.x, b.x) && Math.min(a.y, b.y) <= point.y && point.y <= Math.max(a.y, b.y)
  );
}

// The two sides have a point in common.
function touch(a: Point, b: Point, c: Point, d: Point): boolean {
  const [ofC, ofD, ofA, ofB] = [cross(a, b, c), cross(a, b, d), cross(c, d, a), cross(c, d, b)];
  if (ofC * ofD < 0 && ofA * ofB < 0) return true;
  return (
    (ofC === 0 && between(a, b, c)) || (ofD === 0 && between(a, b, d)) || (ofA === 0 && between(c, d, a)) || (ofB === 0 && between(c, d, b))
  );
}

function same(a: Point, b: Point): boolean {
  return a.x === b.x && a.y === b.y;
}

function withoutRepeats(points: readonly Point[]): Point[] {
  const kept = points.filter((point, i) => i === 0 || !same(point, points[i - 1]!));
  while (kept.length > 1 && same(kept[0]!, kept.at(-1)!)) kept.pop();
  return kept;
}

// Two sides that aren't neighbours touch, or one goes back over its neighbour.
export function crossesItself(polygon: readonly Point[]): boolean {
  const points = withoutRepeats(polygon);
  const count = points.length;
  const at = (i: number) => points[i % count]!;
  for (let i = 0; i < count; i++) {
    const [a, b, c] = [at(i), at(i + 1), at(i + 2)];
    if (cross(a, b, c) === 0 && (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) < 0) return true;
    for (let j = i + 2; j < count; j++) if ((j + 1) % count !== i && touch(a, b, at(j), at(j + 1))) return true;
  }
  return false;
}

// The same of a way that isn't closed (yet).
export function wayCrossesItself(way: readonly Point[]): boolean {
  for (let i = 0; i + 1 < way.length; i++)
    for (let j = i + 2; j + 1 < way.length; j++) if (touch(way[i]!, way[i + 1]!, way[j]!, way[j + 1]!)) return true;
  return false;
}

export function doubledArea(polygon: readonly Point[]): number {
  let sum = 0;
  for (let i = 1; i + 1 < polygon.length; i++) sum += cross(polygon[0]!, polygon[i]!, polygon[i + 1]!);
  return Math.abs(sum);
}

// Where a shape's name stands: the middle of its corners.
export function middleOf(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}

// On the screen: from the middle of a line to where "in" is (from left to right for who looks from its first point to its second).
export function arrowOf(from: Point, to: Point, length: number): { from: Point; to: Point } {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const long = Math.hypot(dx, dy) || 1;
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  return { from: middle, to: { x: middle.x - (dy / long) * length, y: middle.y + (dx / long) * length } };
}

// All of them moved by the same, as far as they stay in the picture.
export function moved(points: readonly Point[], dx: number, dy: number): Point[] {
  const room = (least: number, most: number, by: number) => Math.min(1 - most, Math.max(-least, by));
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [byX, byY] = [room(Math.min(...xs), Math.max(...xs), dx), room(Math.min(...ys), Math.max(...ys), dy)];
  return points.map(({ x, y }) => clamped({ x: x + byX, y: y + byY }));
}

// "0.4,0.55 0.62,0.55", as the configuration has it.
export function pointsText(points: readonly Point[]): string {
  return points.map(({ x, y }) => `${x},${y}`).join(' ');
}
