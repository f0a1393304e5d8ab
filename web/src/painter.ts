// Draws one picture and its boxes on a canvas, in device pixels so that lines and text are crisp. Picture and boxes are drawn
// in one go: what is on the screen always belongs together. What was drawn is told in the canvas's data attributes.

import { classColor } from './colors';
import { percent } from './format';
import type { Overlay } from './matching';
import type { Box } from './protocol';

export interface Look {
  classes: readonly string[];
  boxes: boolean; // draw them
}

interface Area {
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

export function paint(
  canvas: HTMLCanvasElement,
  bitmap: ImageBitmap,
  frameId: number,
  overlay: Overlay | null,
  look: Look,
): void {
  const context = canvas.getContext('2d', { alpha: true });
  if (context === null || canvas.clientWidth === 0) return;
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const area = fit(bitmap.width, bitmap.height, width, height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  if (area.width < width || area.height < height) context.clearRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, area.left, area.top, area.width, area.height);
  const boxes = look.boxes && overlay !== null ? overlay.boxes : [];
  const small = canvas.clientWidth < 420;
  for (const box of boxes) paintBox(context, box, area, { scale, small, older: overlay?.exact === false, look });
  describe(canvas, frameId, overlay, boxes.length);
}

function describe(canvas: HTMLCanvasElement, frameId: number, overlay: Overlay | null, drawn: number): void {
  canvas.dataset['frameId'] = String(frameId);
  canvas.dataset['boxFrameId'] = overlay === null ? '' : String(overlay.frameId);
  canvas.dataset['boxes'] = overlay === null ? 'none' : overlay.exact ? 'exact' : 'older';
  canvas.dataset['boxCount'] = String(drawn);
}

function paintBox(
  context: CanvasRenderingContext2D,
  box: Box,
  area: Area,
  style: { scale: number; small: boolean; older: boolean; look: Look },
): void {
  const { scale, small, older } = style;
  const color = classColor(box.label, style.look.classes);
  const left = area.left + clamp(box.x) * area.width;
  const top = area.top + clamp(box.y) * area.height;
  const right = area.left + clamp(box.x + box.width) * area.width;
  const bottom = area.top + clamp(box.y + box.height) * area.height;
  const line = (small ? 1.5 : 2) * scale;
  const outline = new Path2D();
  outline.roundRect(left, top, right - left, bottom - top, 3 * scale);
  context.save();
  context.globalAlpha = older ? 0.7 : 1;
  context.setLineDash(older ? [6 * scale, 5 * scale] : []);
  context.lineWidth = line + 2 * scale;
  context.strokeStyle = 'rgb(0 0 0 / 35%)';
  context.stroke(outline);
  context.lineWidth = line;
  context.strokeStyle = color;
  context.stroke(outline);
  paintLabel(context, `${box.label} ${percent(box.score)}`, { left, top, color, area, scale, small });
  context.restore();
}

// Above the box where there is room, else inside it.
function paintLabel(
  context: CanvasRenderingContext2D,
  text: string,
  at: { left: number; top: number; color: string; area: Area; scale: number; small: boolean },
): void {
  const size = (at.small ? 10 : 12) * at.scale;
  const pad = 4 * at.scale;
  const height = size + pad;
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  const width = context.measureText(text).width + 2 * pad;
  const left = Math.max(at.area.left, Math.min(at.left - at.scale, at.area.left + at.area.width - width));
  const above = at.top - height - at.scale >= at.area.top;
  const top = above ? at.top - height - at.scale : at.top + at.scale;
  context.fillStyle = at.color;
  context.beginPath();
  context.roundRect(left, top, width, height, 3 * at.scale);
  context.fill();
  context.fillStyle = '#08110d';
  context.fillText(text, left + pad, top + height / 2 + 0.5 * at.scale);
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}
