// Between the drawing and the camera's settings: what the gateway has is drawn, what was drawn is saved, and what it says against that is
// found at the shape that it is about.

import { useEffect, useState } from 'preact/hooks';

import type { Orientation } from '../../editor/orientation';
import { parseShapes, valueOf, type Drawing, type Kind } from '../../editor/shapes';
import { ApiError, wordsOf } from '../../problem';
import { fetchOrientation, fetchSettings, putSetting, unsetSetting, type Settings } from '../../settings';
import { hasDraft, type Editor } from './use_editor';

export type DrawnKey = 'zones' | 'lines' | 'masks';

// In the order in which they are listed and saved.
export const kKinds: readonly { kind: Kind; key: DrawnKey }[] = [
  { kind: 'zone', key: 'zones' },
  { kind: 'line', key: 'lines' },
  { kind: 'mask', key: 'masks' },
];

export interface Loaded {
  settings: Settings;
  orientation: Orientation;
}

export async function fetchLoaded(camera: string, signal: AbortSignal): Promise<Loaded> {
  const [settings, orientation] = await Promise.all([fetchSettings(camera, signal), fetchOrientation(camera, signal)]);
  return { settings, orientation };
}

export interface ShapeMistakes {
  of: Map<number, string[]>; // by shape
  others: string[];
}

const kNone: ShapeMistakes = { of: new Map(), others: [] };

export function isChanged({ drawing, saved }: Editor): boolean {
  return drawing !== saved && kKinds.some(({ kind }) => differ(kind, drawing, saved));
}

function differ(kind: Kind, one: Drawing, other: Drawing): boolean {
  return JSON.stringify(valueOf(kind, one)) !== JSON.stringify(valueOf(kind, other));
}

// What the gateway has is drawn as soon as it comes, unless there are changes that aren't saved.
export function useLoading(camera: string, editor: Editor, loaded: Loaded | null): void {
  useEffect(() => {
    if (loaded === null) return;
    if (hasDraft(camera) && isChanged(editor)) return editor.say('These are your changes; they aren’t saved yet.');
    const drawing = kKinds.flatMap(({ kind, key }) => parseShapes(kind, loaded.settings[key]?.value, loaded.orientation));
    if (kKinds.some(({ kind }) => differ(kind, drawing, editor.drawing))) editor.load(drawing);
  }, [loaded]);
}

export function useSaving(camera: string, editor: Editor, orientation: Orientation | undefined, again: () => void) {
  const [mistakes, setMistakes] = useState(kNone);
  const [saving, setSaving] = useState(false);
  const [done, setDone] = useState('');
  const attempt = async (act: () => Promise<string>) => {
    setSaving(true);
    setMistakes(kNone);
    setDone('');
    try {
      setDone(await act());
      again();
    } catch (error) {
      setMistakes(sorted(error, editor.drawing));
    }
    setSaving(false);
  };
  const save = () =>
    orientation !== undefined &&
    void attempt(async () => {
      const changed = kKinds.filter(({ kind }) => differ(kind, editor.drawing, editor.saved));
      for (const { kind, key } of changed) {
        await putSetting(camera, key, valueOf(kind, editor.drawing, orientation));
        editor.markSaved(kind);
      }
      const places = changed.some(({ kind }) => kind !== 'mask') ? ' The rules go by it from now on.' : '';
      return `Saved.${places}${changed.some(({ kind }) => kind === 'mask') ? ' The camera’s capture starts anew with these masks.' : ''}`;
    });
  const unset = (key: DrawnKey) =>
    void attempt(async () => {
      await unsetSetting(camera, key);
      editor.discard();
      return `The ${key} are as the configuration file has them.`;
    });
  return { mistakes, saving, done, save, unset };
}

// Each mistake at the shape that it is about: "zones[1].polygon" is the second zone's.
function sorted(error: unknown, drawing: Drawing): ShapeMistakes {
  const words = wordsOf(error);
  const list = error instanceof ApiError ? error.mistakes : [];
  if (list.length === 0) return { of: new Map(), others: words === null ? [] : [words] };
  const found: ShapeMistakes = { of: new Map(), others: [] };
  for (const { key, text } of list) {
    const match = /^(zones|lines|masks)\[(\d+)\]/.exec(key);
    const kind = kKinds.find((each) => each.key === match?.[1])?.kind;
    const shape = match === null ? undefined : drawing.filter((candidate) => candidate.kind === kind)[Number(match[2])];
    if (shape === undefined) found.others.push(key === '' ? text : `${key}: ${text}`);
    else found.of.set(shape.id, [...(found.of.get(shape.id) ?? []), text]);
  }
  return found;
}
