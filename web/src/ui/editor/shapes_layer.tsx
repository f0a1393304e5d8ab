// One zone, line or mask on the picture: its outline, name and corners. Corners are dragged, or moved by the arrow keys.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { arrowOf, clamped, middleOf, moved, type Point } from '../../editor/geometry';
import { shapeMistake, titleOf, type Shape } from '../../editor/shapes';
import { arrowStep } from './arrows';
import type { Editor } from './use_editor';

export interface Picture {
  width: number; // on the screen, pixels
  height: number;
  at(event: { clientX: number; clientY: number }): Point; // where in it
  snap(point: Point, but: number | null): Point; // to borders and to corners of other shapes than `but`
}

interface Props {
  shape: Shape;
  hue: number;
  chosen: boolean;
  locked: boolean; // for looking only
  picture: Picture;
  editor: Editor;
}

interface Drag {
  points: Point[];
  index: number | null; // a corner; null: all of it
  from: Point;
}

const kStep = 0.005;
const kBigStep = 0.05;
const kHides = { fill: '#000000', 'fill-opacity': 0.6, 'fill-rule': 'evenodd' } as const;
const stop = (event: Event) => event.stopPropagation();

export function ShapeLayer({ shape, hue, chosen, locked, picture, editor }: Props) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const points = drag?.points ?? shape.points;
  const bad = drag !== null && shapeMistake({ ...shape, points }) !== null;
  const screen = points.map(({ x, y }) => ({ x: x * picture.width, y: y * picture.height }));

  const take = (event: JSX.TargetedPointerEvent<SVGElement>, index: number | null, from = shape.points) => {
    if (locked || event.button !== 0 || editor.tool !== null) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    editor.choose(shape.id);
    setDrag({ points: from, index, from: picture.at(event) });
  };
  const pull = (event: JSX.TargetedPointerEvent<SVGElement>) => {
    if (drag === null) return;
    const to = picture.at(event);
    const { index } = drag;
    if (index === null) return setDrag({ ...drag, points: moved(shape.points, to.x - drag.from.x, to.y - drag.from.y) });
    const corner = picture.snap(to, shape.id);
    setDrag({ ...drag, points: drag.points.map((old, i) => (i === index ? corner : old)) });
  };
  const drop = () => {
    if (drag === null) return;
    setDrag(null);
    const same = drag.points.length === shape.points.length && drag.points.every((point, i) => point.x === shape.points[i]!.x && point.y === shape.points[i]!.y);
    if (!same) editor.reshape(shape.id, drag.points);
  };
  const hands = { onPointerMove: pull, onPointerUp: drop, onPointerCancel: () => setDrag(null) };
  const path = screen.map(({ x, y }) => `${x},${y}`).join(' ');
  const color = `hsl(${hue} 90% 62%)`;
  const outline = {
    class: 'shape-outline',
    stroke: bad ? '#ff5a5a' : color,
    tabindex: 0, // in small letters: of an SVG it is an attribute
    role: 'button' as const,
    'aria-pressed': chosen,
    'aria-label': `${shape.kind} ${shape.name}, ${shape.points.length} ${shape.kind === 'line' ? 'ends' : 'corners'}`,
    'data-testid': `shape-${titleOf(shape)}`,
    onClick: (event: Event) => {
      if (editor.tool !== null) return;
      event.stopPropagation();
      editor.choose(shape.id);
    },
    onKeyDown: (event: JSX.TargetedKeyboardEvent<SVGElement>) => shapeKey(event, shape, editor, locked),
    onPointerDown: (event: JSX.TargetedPointerEvent<SVGElement>) => chosen && take(event, null),
    ...hands,
  };
  return (
    <g class="shape" data-chosen={chosen} data-bad={bad}>
      {shape.kind !== 'line' ? (
        <polygon {...outline} points={path} {...(shape.kind === 'mask' ? kHides : { fill: color, 'fill-opacity': chosen ? 0.28 : 0.14 })} />
      ) : (
        <>
          <polyline class="shape-reach" points={path} onPointerDown={outline.onPointerDown} onClick={outline.onClick} {...hands} />
          <polyline {...outline} points={path} fill="none" />
          <Arrow from={screen[0]!} to={screen[1]!} color={color} />
        </>
      )}
      <Name shape={shape} at={shape.kind === 'line' ? arrowOf(screen[0]!, screen[1]!, -18).to : middleOf(screen)} />
      {chosen && !locked && shape.kind !== 'line' && (
        <g>
          {screen.map((point, i) => {
            const next = screen[(i + 1) % screen.length]!;
            const middle = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
            const between = clamped({ x: middle.x / picture.width, y: middle.y / picture.height });
            const more = [...shape.points.slice(0, i + 1), between, ...shape.points.slice(i + 1)];
            return (
              <g key={`middle-${i}`} class="middle" onClick={stop} onPointerDown={(event) => take(event, i + 1, more)} {...hands}>
                <circle class="corner-reach" cx={middle.x} cy={middle.y} r={12} />
                <circle class="middle-dot" cx={middle.x} cy={middle.y} r={4} />
              </g>
            );
          })}
        </g>
      )}
      {chosen &&
        !locked &&
        screen.map((point, i) => (
          <g
            key={i}
            class="corner"
            tabindex={0}
            role="button"
            aria-label={cornerText({ ...shape, points }, i)}
            data-testid={`corner-${i}`}
            onClick={stop}
            onPointerDown={(event) => take(event, i)}
            onKeyDown={(event) => cornerKey(event, shape, i, editor)}
            {...hands}
          >
            <circle class="corner-reach" cx={point.x} cy={point.y} r={20} />
            <circle class="corner-dot" cx={point.x} cy={point.y} r={7} stroke={color} />
          </g>
        ))}
    </g>
  );
}

function cornerText(shape: Shape, index: number): string {
  const { x, y } = shape.points[index]!;
  const what = shape.kind !== 'line' ? `Corner ${index + 1}` : index === 0 ? 'First point' : 'Second point';
  const percent = (part: number) => (part * 100).toFixed(1);
  return `${what} of ${shape.kind} ${shape.name}: ${percent(x)}% from the left, ${percent(y)}% from the top`;
}

function shapeKey(event: JSX.TargetedKeyboardEvent<SVGElement>, shape: Shape, editor: Editor, locked: boolean): void {
  if (editor.tool !== null) return;
  const step = arrowStep(event, kStep, kBigStep);
  if (event.key === 'Enter' || event.key === ' ') editor.choose(shape.id);
  else if (locked) return;
  else if (step !== null) editor.reshape(shape.id, moved(shape.points, ...step), `move ${shape.id}`);
  else if (event.key === 'Delete') editor.remove(shape);
  else return;
  event.preventDefault();
}

function cornerKey(event: JSX.TargetedKeyboardEvent<SVGElement>, shape: Shape, index: number, editor: Editor): void {
  const step = arrowStep(event, kStep, kBigStep);
  const { x, y } = shape.points[index]!;
  if (step !== null) editor.moveCorner(shape, index, clamped({ x: x + step[0], y: y + step[1] }), `corner ${shape.id} ${index}`);
  else if (event.key === 'Delete' || event.key === 'Backspace') editor.removeCorner(shape, index);
  else if ((event.key === 'Insert' || event.key === '+') && shape.kind !== 'line') {
    const next = shape.points[(index + 1) % shape.points.length]!;
    editor.addCorner(shape, index, clamped({ x: (x + next.x) / 2, y: (y + next.y) / 2 }));
  } else if (event.key === 'Escape') editor.choose(null);
  else return;
  event.preventDefault();
}

function Name({ shape, at }: { shape: Shape; at: Point }) {
  return (
    <text class="shape-name" x={at.x} y={at.y + 5} text-anchor="middle" aria-hidden="true">
      {titleOf(shape)}
    </text>
  );
}

// Which way is "in".
function Arrow({ from, to, color }: { from: Point; to: Point; color: string }) {
  const arrow = arrowOf(from, to, 34);
  const angle = (Math.atan2(arrow.to.y - arrow.from.y, arrow.to.x - arrow.from.x) * 180) / Math.PI;
  return (
    <g class="arrow" aria-hidden="true" data-testid="arrow" data-angle={Math.round(angle)}>
      <line x1={arrow.from.x} y1={arrow.from.y} x2={arrow.to.x} y2={arrow.to.y} stroke={color} />
      <path d="M0 0-9-5.5v11z" fill={color} transform={`translate(${arrow.to.x} ${arrow.to.y}) rotate(${angle})`} />
      <text class="arrow-text" x={arrow.to.x + 8} y={arrow.to.y + 4}>
        in
      </text>
    </g>
  );
}
