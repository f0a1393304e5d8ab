// The state of the editor of one camera: what is drawn with its history, what is chosen, the tool, what was said last. What isn't saved
// is kept while the page is open, also when another view is looked at meanwhile.

import { useEffect, useState } from 'preact/hooks';

import type { Point } from '../../editor/geometry';
import { wayCrossesItself } from '../../editor/geometry';
import { begin, commit, redo, undo, type History } from '../../editor/history';
import { kCrosses, kMost, newShape, replaced, shapeMistake, withLess, withMore, withPoint, type Drawing, type Kind, type Shape } from '../../editor/shapes';
import { sentence } from '../../problem';

export interface Tool {
  kind: Kind;
  points: readonly Point[];
  cursor: Point; // where the next corner would be
}

export interface Editor {
  drawing: Drawing;
  saved: Drawing;
  chosen: number | null; // a shape's id
  tool: Tool | null;
  said: string; // what was refused, or done, in a sentence
  canUndo: boolean;
  canRedo: boolean;
  load(drawing: Drawing): void;
  markSaved(kind: Kind): void;
  choose(id: number | null): void;
  say(text: string): void;
  change(id: number, change: Partial<Shape>, tag?: string): void;
  reshape(id: number, points: Point[], tag?: string): boolean; // false: refused, and said why
  moveCorner(shape: Shape, index: number, point: Point, tag?: string): boolean;
  addCorner(shape: Shape, after: number, point: Point): boolean;
  removeCorner(shape: Shape, index: number): boolean;
  remove(shape: Shape): void;
  startTool(kind: Kind): void;
  aim(point: Point): void;
  addPoint(point: Point): void;
  takeBackPoint(): void;
  finish(): void;
  stopTool(): void;
  undo(): void;
  redo(): void;
  discard(): void;
}

interface State {
  history: History<Drawing>;
  saved: Drawing;
  chosen: number | null;
  tool: Tool | null;
  said: string;
}

const drafts = new Map<string, State>();
const kNothing: State = { history: begin<Drawing>([]), saved: [], chosen: null, tool: null, said: '' };

export function hasDraft(camera: string): boolean {
  const draft = drafts.get(camera);
  return draft !== undefined && draft.history.now !== draft.saved;
}

export function useEditor(camera: string): Editor {
  const [state, setState] = useState<State>(() => (hasDraft(camera) ? drafts.get(camera)! : kNothing));
  useEffect(() => void drafts.set(camera, { ...state, tool: null }), [camera, state]);
  const update = (change: (state: State) => Partial<State>) => setState((before) => ({ ...before, ...change(before) }));
  const drawing = state.history.now;
  const step = (next: Drawing, tag = '', more: Partial<State> = {}) =>
    update(({ history }) => ({ history: commit(history, next, tag), said: '', ...more }));
  const say = (said: string) => update(() => ({ said }));

  const reshape = (id: number, points: Point[], tag = ''): boolean => {
    const shape = drawing.find((candidate) => candidate.id === id);
    if (shape === undefined) return false;
    const mistake = shapeMistake({ ...shape, points });
    if (mistake !== null) {
      say(mistake);
      return false;
    }
    step(replaced(drawing, id, { points }), tag);
    return true;
  };
  const finishWith = (tool: Tool): void => {
    const shape = newShape(tool.kind, [...tool.points], drawing);
    const mistake = shapeMistake(shape);
    if (mistake !== null) return say(mistake);
    step([...drawing, shape], '', { tool: null, chosen: shape.id });
  };
  return {
    drawing,
    saved: state.saved,
    chosen: state.chosen,
    tool: state.tool,
    said: state.said,
    canUndo: state.history.past.length > 0,
    canRedo: state.history.future.length > 0,
    say,
    reshape,
    load: (loaded) => setState({ ...kNothing, history: begin(loaded), saved: loaded }),
    markSaved: (kind) =>
      update(({ saved, history: { now } }) => {
        const all = [...now.filter((shape) => shape.kind === kind), ...saved.filter((shape) => shape.kind !== kind)];
        return { saved: all.length === now.length && all.every((shape) => now.includes(shape)) ? now : all };
      }),
    choose: (chosen) => update(() => ({ chosen, said: '' })),
    change: (id, change, tag) => step(replaced(drawing, id, change), tag),
    moveCorner: (shape, index, point, tag) => reshape(shape.id, withPoint(shape, index, point), tag),
    addCorner: (shape, after, point) => reshape(shape.id, withMore(shape, after, point)),
    removeCorner: (shape, index) => {
      const points = withLess(shape, index);
      if (points !== null) return reshape(shape.id, points);
      say(shape.kind === 'line' ? 'A line has two ends; delete the whole line instead.' : `A ${shape.kind} needs three corners at least; delete the whole ${shape.kind} instead.`);
      return false;
    },
    remove: (shape) => step(drawing.filter((other) => other.id !== shape.id), '', { chosen: null }),
    startTool: (kind) => {
      if (drawing.filter((shape) => shape.kind === kind).length >= kMost[kind]) return say(`A camera has ${kMost[kind]} ${kind}s at most.`);
      update(() => ({ tool: { kind, points: [], cursor: { x: 0.5, y: 0.5 } }, chosen: null, said: '' }));
    },
    aim: (cursor) => update(({ tool }) => (tool === null ? {} : { tool: { ...tool, cursor } })),
    addPoint: (point) => {
      const { tool } = state;
      if (tool === null) return;
      const last = tool.points.at(-1);
      if (last !== undefined && last.x === point.x && last.y === point.y) return;
      const next = { ...tool, points: [...tool.points, point], cursor: point };
      if (wayCrossesItself(next.points)) return say(sentence(kCrosses));
      if (next.kind === 'line' && next.points.length === 2) return finishWith(next);
      update(() => ({ tool: next, said: '' }));
    },
    takeBackPoint: () => update(({ tool }) => (tool === null ? {} : { tool: { ...tool, points: tool.points.slice(0, -1) } })),
    finish: () => state.tool !== null && finishWith(state.tool),
    stopTool: () => update(() => ({ tool: null, said: '' })),
    undo: () => update(({ history }) => ({ history: undo(history), said: '' })),
    redo: () => update(({ history }) => ({ history: redo(history), said: '' })),
    discard: () => step(state.saved, '', { chosen: null }),
  };
}
