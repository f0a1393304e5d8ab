// Zones and lines over the picture: there, but less than any box.

import type { Area } from './painter';
import type { Place, Point } from './places';

const kColor = 'rgb(120 200 255';

export function paintPlaces(
  context: CanvasRenderingContext2D,
  area: Area,
  scale: number,
  places: readonly Place[],
  named: boolean,
): void {
  for (const place of places) {
    const points = place.points.map(({ x, y }) => ({ x: area.left + x * area.width, y: area.top + y * area.height }));
    const outline = outlineOf(points, place.kind === 'zone');
    context.setLineDash([]);
    if (place.kind === 'zone') {
      context.fillStyle = `${kColor} / 8%)`;
      context.fill(outline);
    }
    context.lineWidth = 3 * scale;
    context.strokeStyle = 'rgb(0 0 0 / 30%)';
    context.stroke(outline);
    context.lineWidth = 1.25 * scale;
    context.strokeStyle = `${kColor} / 85%)`;
    context.stroke(outline);
    if (place.kind === 'line') paintDirection(context, points, scale);
    if (named) paintName(context, place.name, points[0]!, area, scale);
  }
}

function outlineOf(points: readonly Point[], closed: boolean): Path2D {
  const outline = new Path2D();
  points.forEach(({ x, y }, i) => (i === 0 ? outline.moveTo(x, y) : outline.lineTo(x, y)));
  if (closed) outline.closePath();
  return outline;
}

// An arrow in the middle, to the side that counts as "in": right of the way from the first end to the second.
function paintDirection(context: CanvasRenderingContext2D, points: readonly Point[], scale: number): void {
  const [from, to] = [points[0]!, points[1]!];
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length < 1) return;
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const across = { x: -along.y, y: along.x }; // y grows downwards: this is to the right
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const at = (forward: number, side: number) => ({
    x: middle.x + (along.x * forward + across.x * side) * scale,
    y: middle.y + (along.y * forward + across.y * side) * scale,
  });
  context.fillStyle = `${kColor} / 85%)`;
  context.fill(outlineOf([at(-6, 1), at(6, 1), at(0, 11)], true));
}

function paintName(context: CanvasRenderingContext2D, name: string, at: Point, area: Area, scale: number): void {
  const size = 11 * scale;
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = 'alphabetic';
  const width = context.measureText(name).width;
  const x = Math.max(area.left + 4 * scale, Math.min(at.x + 5 * scale, area.left + area.width - width - 4 * scale));
  const y = Math.max(area.top + size + 2 * scale, Math.min(at.y - 5 * scale, area.top + area.height - 4 * scale));
  context.lineWidth = 3 * scale;
  context.strokeStyle = 'rgb(0 0 0 / 55%)';
  context.strokeText(name, x, y);
  context.fillStyle = `${kColor} / 95%)`;
  context.fillText(name, x, y);
}
