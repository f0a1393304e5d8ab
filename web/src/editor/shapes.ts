// Zones, lines and masks as they are drawn, on the picture that is shown, and as the settings have them: [{name, polygon: "x,y x,y x,y",
// objects, …}], [{name, points}], and of masks, which have no names, ["x,y x,y x,y"] on the camera's own picture. What the page doesn't
// know of a zone is kept as it is. Pure.

import { parsePoints } from '../places';
import { clamped, crossesItself, doubledArea, pointsText, type Point } from './geometry';
import { kUpright, toGiven, toShown, type Orientation } from './orientation';

export type Kind = 'zone' | 'line' | 'mask';
export const kMost: Record<Kind, number> = { zone: 16, line: 16, mask: Infinity }; // of a camera

export interface Shape {
  id: number; // of this page alone
  kind: Kind;
  name: string; // a mask's is a number, of this page alone
  points: Point[];
  objects: string[]; // classes that count in a zone; empty: all
  ignoresMotion: boolean; // what moves there alone doesn't wake the detector
  rest: Record<string, unknown>; // what else the settings have
}

export type Drawing = readonly Shape[];

let lastId = 0;

function bare(kind: Kind, name: string, points: Point[]): Shape {
  return { id: ++lastId, kind, name, points, objects: [], ignoresMotion: false, rest: {} };
}

export function newShape(kind: Kind, points: Point[], drawing: Drawing): Shape {
  return bare(kind, freeName(kind, drawing), points);
}

function freeName(kind: Kind, drawing: Drawing): string {
  for (let number = 1; ; number++) {
    const name = kind === 'mask' ? `${number}` : `${kind}${number}`;
    if (!drawing.some((shape) => shape.name === name && (shape.kind === 'mask') === (kind === 'mask'))) return name;
  }
}

// What it is called beside others: "door", "mask 2".
export function titleOf({ kind, name }: Shape): string {
  return kind === 'mask' ? `mask ${name}` : name;
}

export function parseShapes(kind: Kind, value: unknown, orientation: Orientation): Shape[] {
  if (!Array.isArray(value)) return [];
  return kind === 'mask' ? parseMasks(value, orientation) : value.flatMap((item: unknown) => parsePlace(kind, item));
}

function parsePlace(kind: Kind, item: unknown): Shape[] {
  if (typeof item !== 'object' || item === null) return [];
  const { name, polygon, points: course, objects, motion, ...rest } = item as Record<string, unknown>;
  const points = parsePoints(kind === 'zone' ? polygon : course);
  if (typeof name !== 'string' || points === null) return [];
  const classes = Array.isArray(objects) ? objects.filter((label): label is string => typeof label === 'string') : [];
  return [{ ...bare(kind, name, points.map(clamped)), objects: classes, ignoresMotion: motion === 'ignore', rest }];
}

// All their digits are kept: a mask that nobody touches hides tomorrow what it hides today.
function parseMasks(value: readonly unknown[], orientation: Orientation): Shape[] {
  return value.flatMap((item, i) => {
    const points = parsePoints(item);
    return points === null ? [] : [bare('mask', `${i + 1}`, points.map((point) => toShown(point, orientation)))];
  });
}

// What is sent: the shapes of one kind in order. Only masks go by `orientation`.
export function valueOf(kind: Kind, drawing: Drawing, orientation: Orientation = kUpright): unknown[] {
  return drawing
    .filter((shape) => shape.kind === kind)
    .map(({ name, points, objects, ignoresMotion, rest }) => {
      if (kind === 'mask') return pointsText(points.map((point) => toGiven(point, orientation)));
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

export const kCrosses = 'Sides may not cross or touch each other';

// Why it can't be what it is; null: it can. Names are looked at with all shapes, since zones and lines are counted by name.
export function shapeMistake({ kind, points }: Shape): string | null {
  if (kind === 'line') return same(points) ? 'The ends of a line may not be the same point.' : null;
  if (points.length < 3) return `A ${kind} needs three corners at least.`;
  if (crossesItself(points)) return `${kCrosses}.`;
  return doubledArea(points) > 0 ? null : `The corners lie on a line: a ${kind} needs an inside.`;
}

export function nameMistake(shape: Shape, drawing: Drawing): string | null {
  if (shape.kind === 'mask') return null;
  if (shape.name === '') return `A ${shape.kind} needs a name.`;
  const other = drawing.find(({ id, kind, name }) => id !== shape.id && kind !== 'mask' && name === shape.name);
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

// Names of the rules, as the settings have them, that are about this zone or line: that it holds there, or that it doesn't.
export function rulesOf(rules: unknown, kind: Kind, name: string): string[] {
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown) => {
    const { name: own, zones, except, line } = (rule ?? {}) as Record<string, unknown>;
    const names = (list: unknown) => Array.isArray(list) && list.includes(name);
    const asks = kind === 'zone' ? names(zones) || names(except) : kind === 'line' && line === name;
    return asks && typeof own === 'string' ? [own] : [];
  });
}
