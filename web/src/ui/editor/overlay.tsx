// What lies over the live picture: the shapes, and the one that is being drawn. A new shape is drawn by pointing, or by the keyboard: the
// arrow keys move a cross, Space sets a corner, Enter ends it.

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { clamped, snapped, type Point } from '../../editor/geometry';
import type { Shape } from '../../editor/shapes';
import { useSize } from '../hooks';
import { arrowStep } from './arrows';
import { ShapeLayer, type Picture } from './shapes_layer';
import type { Editor, Tool } from './use_editor';

interface Props {
  camera: string;
  editor: Editor;
  locked: boolean;
}

const kClose = 14; // pixels around the first corner where a click closes the shape

export function hueOf(index: number): number {
  return (158 + index * 137.508) % 360;
}

export function Overlay({ camera, editor, locked }: Props) {
  const svg = useRef<SVGSVGElement | null>(null);
  const [measure, { width, height }] = useSize<SVGSVGElement>();
  const { tool, drawing } = editor;
  useEffect(() => {
    if (tool !== null) svg.current?.focus({ preventScroll: true });
  }, [tool === null]);
  const attach = useRef((element: SVGSVGElement | null) => {
    svg.current = element;
    measure(element);
  });
  const picture: Picture = {
    width,
    height,
    at: ({ clientX, clientY }) => {
      const { left, top, width: w, height: h } = svg.current!.getBoundingClientRect();
      return clamped({ x: (clientX - left) / w, y: (clientY - top) / h });
    },
    snap: (point, but) => snapped(point, drawing.filter(({ id }) => id !== but).flatMap((shape) => shape.points), width, height),
  };
  const set = (point: Point) => {
    const first = tool?.points[0];
    const closes = first !== undefined && tool!.points.length >= 3 && Math.hypot((first.x - point.x) * width, (first.y - point.y) * height) <= kClose;
    if (closes) editor.finish();
    else editor.addPoint(point);
  };
  const click = (event: JSX.TargetedMouseEvent<SVGSVGElement>) => {
    if (tool === null) editor.choose(null);
    else set(picture.snap(picture.at(event), null));
  };
  return (
    <svg
      ref={attach.current}
      class="overlay"
      viewBox={`0 0 ${width || 1} ${height || 1}`}
      data-tool={tool?.kind ?? ''}
      tabindex={tool === null ? -1 : 0}
      role="group"
      aria-label={tool === null ? `Zones, lines and masks of camera ${camera}` : toolText(tool)}
      data-testid="overlay"
      onClick={click}
      onPointerMove={(event) => tool !== null && editor.aim(picture.snap(picture.at(event), null))}
      onKeyDown={(event) => tool !== null && toolKey(event, tool, editor, set)}
    >
      {width > 0 && <Blackened editor={editor} picture={picture} />}
      {width > 0 &&
        inOrder(drawing, editor.chosen).map((shape) => (
          <ShapeLayer
            key={shape.id}
            shape={shape}
            hue={hueOf(drawing.indexOf(shape))}
            chosen={shape.id === editor.chosen}
            locked={locked}
            picture={picture}
            editor={editor}
          />
        ))}
      {tool !== null && width > 0 && <Unfinished tool={tool} picture={picture} />}
    </svg>
  );
}

// The chosen one is drawn last, over the others, so that all its corners can be reached.
function inOrder(drawing: readonly Shape[], chosen: number | null): Shape[] {
  return [...drawing.filter(({ id }) => id !== chosen), ...drawing.filter(({ id }) => id === chosen)];
}

// Masks that are in force but drawn otherwise by now: what they hide is black until the drawing is saved.
function Blackened({ editor: { drawing, saved }, picture: { width, height } }: { editor: Editor; picture: Picture }) {
  const gone = saved.filter((shape) => shape.kind === 'mask' && !drawing.includes(shape));
  return (
    <g class="blackened" aria-hidden="true">
      {gone.map(({ id, points }) => (
        <polygon key={id} points={points.map(({ x, y }) => `${x * width},${y * height}`).join(' ')} />
      ))}
    </g>
  );
}

export function toolText(tool: Tool): string {
  const how = 'Point at the picture, or move the cross with the arrow keys and press Space';
  if (tool.kind === 'line') return `New line. ${how}: ${tool.points.length === 0 ? 'its first point' : 'its second point'}. Escape stops.`;
  const count = tool.points.length;
  const ends = count >= 3 ? ' Enter, or a click on the first corner, ends it.' : '';
  return `New ${tool.kind}, ${count} ${count === 1 ? 'corner' : 'corners'}. ${how}.${ends} Backspace takes the last one back, Escape stops.`;
}

function toolKey(event: JSX.TargetedKeyboardEvent<SVGSVGElement>, tool: Tool, editor: Editor, set: (point: Point) => void): void {
  const step = arrowStep(event, 0.01, 0.05);
  if (step !== null) editor.aim(clamped({ x: tool.cursor.x + step[0], y: tool.cursor.y + step[1] }));
  else if (event.key === ' ') set(tool.cursor);
  else if (event.key === 'Enter') editor.finish();
  else if (event.key === 'Backspace') editor.takeBackPoint();
  else if (event.key === 'Escape') editor.stopTool();
  else return;
  event.preventDefault();
}

function Unfinished({ tool, picture }: { tool: Tool; picture: Picture }) {
  const screen = ({ x, y }: Point) => ({ x: x * picture.width, y: y * picture.height });
  const points = tool.points.map(screen);
  const cursor = screen(tool.cursor);
  const path = [...points, cursor].map(({ x, y }) => `${x},${y}`).join(' ');
  return (
    <g class="unfinished" aria-hidden="true">
      <polyline points={path} />
      {points.map(({ x, y }, i) => (
        <circle key={i} cx={x} cy={y} r={i === 0 && points.length >= 3 ? 9 : 6} />
      ))}
      <path class="cross" d={`M${cursor.x - 12} ${cursor.y}h24M${cursor.x} ${cursor.y - 12}v24`} />
    </g>
  );
}
