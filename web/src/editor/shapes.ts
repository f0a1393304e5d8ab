// Zones and lines as they are drawn, and as the settings have them: [{name, polygon: "x,y x,y x,y", objects, …}] and [{name, points}].
// What the page doesn't know of a zone is kept as it is. Pure.

import { parsePoints } from '../places';
import { clamped, crossesItself, doubledArea, pointsText, type Point } from './geometry';

export type Kind = 'zone' | 'line';
export const kMost = 16; // of each, of a camera

export interface Shape {
  id: number; // of this page alone
  kind: Kind;
  name: string;
  points: Point[];
  objects: string[]; // classes that count in a zone; empty: all
  ignoresMotion: boolean; // what moves there alone doesn't wake the detector
  rest: Record<string, unknown>; // what else the settings have
}

export type Drawing = readonly Shape[];

let lastId = 0;

export function newShape(kind: Kind, points: Point[], drawing: Drawing): Shape {
  return { id: ++lastId, kind, name: freeName(kind, drawing), points, objects: [], ignoresMotion: false, rest: {} };
}

function freeName(kind: Kind, drawing: Drawing): string {
  for (let number = 1; ; number++) {
    const name = `${kind}${number}`;
    if (!drawing.some((shape) => shape.name === name)) return name;
  }
}

export function parseShapes(kind: Kind, value: unknown): Shape[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return [];
    const { name, polygon, points: course, objects, motion, ...rest } = item as Record<string, unknown>;
    const points = parsePoints(kind === 'zone' ? polygon : course);
    if (typeof name !== 'string' || points === null) return [];
    const classes = Array.isArray(objects) ? objects.filter((label): label is string => typeof label === 'string') : [];
    return [{ id: ++lastId, kind, name, points: points.map(clamped), objects: classes, ignoresMotion: motion === 'ignore', rest }];
  });
}

// What is sent: the shapes of one kind in order.
export function valueOf(kind: Kind, drawing: Drawing): Record<string, unknown>[] {
  return drawing
    .filter((shape) => shape.kind === kind)
    .map(({ name, points, objects, ignoresMotion, rest }) => {
      if (kind === 'line') return { ...rest, name, points: pointsText(points) };
      return {
        ...rest,
        name,
        polygon: pointsText(points),
        ...(objects.length > 0 ? { objects } : {}),
        ...(ignoresMotion ? { motion: 'ignore' } : {}),
      };
    });
}

export const kCrosses = 'Sides of a zone may not cross or touch each other';

// Why it can't be what it is; null: it can. Names are looked at with all shapes, since both kinds are counted by name.
export function shapeMistake(shape: Shape): string | null {
  if (shape.kind === 'line') return same(shape.points) ? 'The ends of a line may not be the same point.' : null;
  if (shape.points.length < 3) return 'A zone needs three corners at least.';
  if (crossesItself(shape.points)) return `${kCrosses}.`;
  return doubledArea(shape.points) > 0 ? null : 'The corners lie on a line: a zone needs an inside.';
}

export function nameMistake(shape: Shape, drawing: Drawing): string | null {
  if (shape.name === '') return `A ${shape.kind} needs a name.`;
  const other = drawing.find((candidate) => candidate.id !== shape.id && candidate.name === shape.name);
  return other === undefined ? null : `Another ${other.kind} is called so, too.`;
}

function same([a, b]: readonly Point[]): boolean {
  return a === undefined || b === undefined || (a.x === b.x && a.y === b.y);
}

// Changes: each gives a new drawing.
export function replaced(drawing: Drawing, id: number, change: Partial<Shape>): Drawing {
  return drawing.map((shape) => (shape.id === id ? { ...shape, ...change } : shape));
}

export function withPoint(shape: Shape, index: number, point: Point): Point[] {
  return shape.points.map((old, i) => (i === index ? point : old));
}

export function withMore(shape: Shape, after: number, point: Point): Point[] {
  return [...shape.points.slice(0, after + 1), point, ...shape.points.slice(after + 1)];
}

// A corner less; null: it would be none any more.
export function withLess(shape: Shape, index: number): Point[] | null {
  return shape.kind === 'line' || shape.points.length <= 3 ? null : shape.points.filter((_, i) => i !== index);
}
