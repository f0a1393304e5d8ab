// Draws one picture and its boxes on a canvas, in device pixels so that lines and text are crisp. Picture and boxes are drawn
// in one go: what is on the screen always belongs together. What was drawn is told in the canvas's data attributes.

import { classColor, trackColor } from './colors';
import { percent } from './format';
import type { Mark, Overlay } from './matching';
import { paintPlaces } from './place_painter';
import type { Place } from './places';
import type { Image } from './video/picture';

export interface Look {
  classes: readonly string[];
  boxes: boolean; // draw them
  zones: boolean; // and these
  places: readonly Place[];
}

// What is to be drawn.
export interface Subject {
  frameId: number;
  capturedAtMs: number;
  overlay: Overlay | null;
}

export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

// The largest area of the picture's shape inside the canvas, centred.
export function fit(pictureWidth: number, pictureHeight: number, width: number, height: number): Area {
  const scale = Math.min(width / pictureWidth, height / pictureHeight);
  const w = Math.round(pictureWidth * scale);
  const h = Math.round(pictureHeight * scale);
  return { left: Math.round((width - w) / 2), top: Math.round((height - h) / 2), width: w, height: h };
}

export function paint(canvas: HTMLCanvasElement, image: Image, subject: Subject, look: Look): void {
  const context = canvas.getContext('2d', { alpha: true });
  if (context === null || canvas.clientWidth === 0) return;
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const area = fit(image.width, image.height, width, height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  if (area.width < width || area.height < height) context.clearRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image.source, area.left, area.top, area.width, area.height);
  const { overlay } = subject;
  const small = canvas.clientWidth < 420;
  if (look.zones) paintPlaces(context, area, scale, look.places, !small);
  const boxes = look.boxes && overlay !== null ? overlay.boxes : [];
  const brush = { context, area, scale, small, older: overlay?.kind === 'older', look };
  const strongestFirst = [...boxes].sort((one, other) => other.score - one.score);
  for (const box of strongestFirst) paintBox(brush, box);
  const taken: Area[] = [];
  for (const box of strongestFirst) paintLabel(brush, box, taken);
  context.globalAlpha = 1;
  describe(canvas, subject, strongestFirst);
}

interface Brush {
  context: CanvasRenderingContext2D;
  area: Area; // of the picture on the canvas, device pixels
  scale: number; // device pixels per CSS pixel
  small: boolean;
  older: boolean; // the boxes are where they were, not where they are
  look: Look;
}

function describe(canvas: HTMLCanvasElement, { frameId, capturedAtMs, overlay }: Subject, drawn: readonly Mark[]): void {
  const { dataset } = canvas;
  dataset['capturedAtMs'] = String(capturedAtMs);
  dataset['boxFrameId'] = overlay === null ? '' : String(overlay.frameId);
  dataset['boxes'] = overlay === null ? 'none' : overlay.kind;
  dataset['boxCount'] = String(drawn.length);
  dataset['trackIds'] = drawn.map((box) => box.id ?? '-').join(' ');
  dataset['frameId'] = String(frameId); // last: who watches it sees the rest as it is now
}

// Seen on its frame: a solid line. Lost, or not where it is any more: a broken one, fainter.
function isDoubtful(box: Mark, older: boolean): boolean {
  return older || box.phase === 'lost';
}

function colorOf(box: Mark, look: Look): string {
  return box.id === null ? classColor(box.label, look.classes) : trackColor(box.id);
}

// A box on the canvas, cut at the picture's edges.
function place(box: Mark, area: Area): Area {
  const left = area.left + clamp(box.x) * area.width;
  const top = area.top + clamp(box.y) * area.height;
  const right = area.left + clamp(box.x + box.width) * area.width;
  const bottom = area.top + clamp(box.y + box.height) * area.height;
  return { left, top, width: right - left, height: bottom - top };
}

function paintBox({ context, area, scale, small, older, look }: Brush, box: Mark): void {
  const { left, top, width, height } = place(box, area);
  const line = (small ? 1.5 : 2) * scale;
  const outline = new Path2D();
  outline.roundRect(left, top, width, height, 3 * scale);
  const doubtful = isDoubtful(box, older);
  context.globalAlpha = doubtful ? 0.7 : 1;
  context.setLineDash(doubtful ? [6 * scale, 5 * scale] : []);
  context.lineWidth = line + 2 * scale;
  context.strokeStyle = 'rgb(0 0 0 / 35%)';
  context.stroke(outline);
  context.lineWidth = line;
  context.strokeStyle = colorOf(box, look);
  context.stroke(outline);
}

// Class, track and score; and what is left of it where there is little room.
export function labelsOf({ label, id, score }: Mark): [string, string] {
  const sure = percent(score);
  return id === null ? [`${label} ${sure}`, sure] : [`${label} #${id} ${sure}`, `#${id}`];
}

// Above the box where there is room, else inside it. In a crowd the weaker of two labels that would overlap goes below its box,
// is shortened or, where nothing is free, left out.
function paintLabel({ context, area, scale, small, older, look }: Brush, box: Mark, taken: Area[]): void {
  const at = place(box, area);
  const size = (small ? 10 : 12) * scale;
  const pad = 4 * scale;
  const height = size + pad;
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  const above = at.top - height - scale;
  const below = Math.min(at.top + at.height + scale, area.top + area.height - height);
  const [whole, short] = labelsOf(box);
  const choices = [whole, short].flatMap((text) => [
    { text, top: above >= area.top ? above : at.top + scale },
    { text, top: below },
  ]);
  for (const { text, top } of choices) {
    const width = context.measureText(text).width + 2 * pad;
    const left = Math.max(area.left, Math.min(at.left - scale, area.left + area.width - width));
    const label = { left, top, width, height };
    if (taken.some((other) => overlap(label, other))) continue;
    taken.push(label);
    context.globalAlpha = isDoubtful(box, older) ? 0.7 : 1;
    context.fillStyle = colorOf(box, look);
    context.beginPath();
    context.roundRect(left, top, width, height, 3 * scale);
    context.fill();
    context.fillStyle = '#08110d';
    context.fillText(text, left + pad, top + height / 2 + 0.5 * scale);
    return;
  }
}

export function overlap(one: Area, other: Area): boolean {
  const across = one.left < other.left + other.width && other.left < one.left + one.width;
  return across && one.top < other.top + other.height && other.top < one.top + one.height;
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}
