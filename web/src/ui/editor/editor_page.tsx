// Zones and lines of one camera, drawn on its live picture and saved by the API. Who may not change them sees them.

import { useEffect, useRef, useState } from 'preact/hooks';

import './editor.css';
import { may } from '../../api';
import { nameMistake, parseShapes, valueOf, type Drawing, type Kind } from '../../editor/shapes';
import { ApiError, wordsOf } from '../../problem';
import { hrefOf } from '../../routes';
import { fetchSettings, putSetting, unsetSetting, type Settings } from '../../settings';
import { loadViewing } from '../../viewing';
import { useAsked, useIdentity, useKeys } from '../hooks';
import { Icon } from '../icons';
import { Live, shapeOf } from '../live';
import { Trouble } from '../notice';
import { useSession } from '../use_session';
import { Overlay, toolText } from './overlay';
import { ShapeList } from './shape_list';
import { hasDraft, useEditor, type Editor } from './use_editor';

const kKinds: readonly { kind: Kind; key: 'zones' | 'lines' }[] = [
  { kind: 'zone', key: 'zones' },
  { kind: 'line', key: 'lines' },
];

// Of what has the focus on the picture.
const kOwnKeys = [
  { key: '← ↑ ↓ →', does: 'Move the corner, or the whole shape; with Shift in large steps' },
  { key: 'Insert', does: 'One more corner, behind this one' },
  { key: 'Delete', does: 'Delete the corner, or the whole shape' },
  { key: 'Ctrl+Z', does: 'Undo; Ctrl+Y: redo' },
];

export interface ShapeMistakes {
  of: Map<number, string[]>; // by shape
  others: string[];
}

const kNone: ShapeMistakes = { of: new Map(), others: [] };

export function EditorPage({ camera }: { camera: string }) {
  const { session, view } = useSession(camera, () => undefined);
  const identity = useIdentity();
  useEffect(() => session.show({ ...loadViewing(), zones: false }), [session]); // they are drawn over the picture
  const editor = useEditor(camera);
  const settings = useAsked((signal) => fetchSettings(camera, signal), camera);
  const { mistakes, saving, done, save, unset } = useSaving(camera, editor, settings.again);
  useLoading(camera, editor, settings.value);
  const locked = !may(identity?.role, 'admin') || settings.value === null;
  const changed = isChanged(editor);
  useUndoKeys(editor);
  useKeptChanges(changed);
  useKeys(
    locked
      ? []
      : [
          { key: 'n', does: 'New zone', act: () => editor.startTool('zone') },
          { key: 'm', does: 'New line', act: () => editor.startTool('line') },
          ...kOwnKeys,
        ],
  );
  return (
    <div class="editor">
      <div class="view-head">
        <h1>
          Zones of <a href={hrefOf({ view: 'camera', camera })}>{camera}</a>
        </h1>
        {!locked && <Tools editor={editor} changed={changed} saving={saving} save={save} />}
        {locked && identity !== null && settings.value !== null && <p class="nothing">Only an admin can change them.</p>}
      </div>
      <div class="editor-stage" style={shapeOf(view)}>
        <Live session={session} view={view} />
        <Overlay camera={camera} editor={editor} locked={locked} />
      </div>
      <aside class="editor-side" aria-label="Zones and lines">
        <Trouble text={settings.error} again={settings.again} />
        <p class="editor-said" role="status" data-testid="said">
          {editor.tool !== null && editor.said === '' ? toolText(editor.tool) : editor.said || (changed ? '' : done)}
        </p>
        <Trouble text={mistakes.others.length > 0 ? mistakes.others.join('\n') : null} />
        {settings.value !== null &&
          kKinds.map(({ kind, key }) => (
            <ShapeList
              key={key}
              kind={kind}
              editor={editor}
              locked={locked}
              setting={settings.value?.[key]}
              rules={settings.value?.rules?.value}
              classes={view.hello?.classes ?? []}
              mistakes={mistakes}
              unset={() => unset(key)}
            />
          ))}
      </aside>
    </div>
  );
}

function Tools({ editor, changed, saving, save }: { editor: Editor; changed: boolean; saving: boolean; save: () => void }) {
  const tool = (kind: Kind) => () => (editor.tool?.kind === kind ? editor.stopTool() : editor.startTool(kind));
  const wrong = editor.drawing.some((shape) => nameMistake(shape, editor.drawing) !== null);
  return (
    <div class="editor-tools" role="toolbar" aria-label="Editor">
      <button type="button" aria-pressed={editor.tool?.kind === 'zone'} aria-keyshortcuts="n" onClick={tool('zone')} data-testid="new-zone">
        <Icon name="zone" />
        New zone
      </button>
      <button type="button" aria-pressed={editor.tool?.kind === 'line'} aria-keyshortcuts="m" onClick={tool('line')} data-testid="new-line">
        <Icon name="line" />
        New line
      </button>
      <button type="button" disabled={!editor.canUndo} aria-keyshortcuts="Control+Z" aria-label="Undo" title="Undo (Ctrl+Z)" onClick={editor.undo} data-testid="undo">
        <Icon name="undo" />
      </button>
      <button type="button" disabled={!editor.canRedo} aria-keyshortcuts="Control+Y" aria-label="Redo" title="Redo (Ctrl+Y)" onClick={editor.redo} data-testid="redo">
        <Icon name="redo" />
      </button>
      <button type="button" disabled={!changed} onClick={editor.discard} data-testid="discard">
        Discard
      </button>
      <button type="button" class="primary" disabled={!changed || saving || wrong || editor.tool !== null} onClick={save} data-testid="save">
        {saving ? 'Saving…' : 'Save'}
      </button>
    </div>
  );
}

function isChanged({ drawing, saved }: Editor): boolean {
  return drawing !== saved && kKinds.some(({ kind }) => differ(kind, drawing, saved));
}

function differ(kind: Kind, one: Drawing, other: Drawing): boolean {
  return JSON.stringify(valueOf(kind, one)) !== JSON.stringify(valueOf(kind, other));
}

// What the gateway has is drawn as soon as it comes, unless there are changes that aren't saved.
function useLoading(camera: string, editor: Editor, settings: Settings | null): void {
  useEffect(() => {
    if (settings === null) return;
    if (hasDraft(camera) && isChanged(editor)) return editor.say('These are your changes; they aren’t saved yet.');
    const loaded = [...parseShapes('zone', settings.zones?.value), ...parseShapes('line', settings.lines?.value)];
    if (kKinds.some(({ kind }) => differ(kind, loaded, editor.drawing))) editor.load(loaded);
  }, [settings]);
}

function useSaving(camera: string, editor: Editor, again: () => void) {
  const [mistakes, setMistakes] = useState(kNone);
  const [saving, setSaving] = useState(false);
  const [done, setDone] = useState('');
  const attempt = async (act: () => Promise<void>, text: string) => {
    setSaving(true);
    setMistakes(kNone);
    setDone('');
    try {
      await act();
      setDone(text);
      again();
    } catch (error) {
      setMistakes(sorted(error, editor.drawing));
    }
    setSaving(false);
  };
  const save = () =>
    void attempt(async () => {
      for (const { kind, key } of kKinds) {
        if (!differ(kind, editor.drawing, editor.saved)) continue;
        await putSetting(camera, key, valueOf(kind, editor.drawing));
        editor.markSaved(kind);
      }
    }, 'Saved. The rules go by it from now on.');
  const unset = (key: 'zones' | 'lines') =>
    void attempt(async () => {
      await unsetSetting(camera, key);
      editor.discard();
    }, `The ${key} are as the configuration file has them.`);
  return { mistakes, saving, done, save, unset };
}

// Each mistake at the shape that it is about: "zones[1].polygon" is the second zone's.
function sorted(error: unknown, drawing: Drawing): ShapeMistakes {
  const words = wordsOf(error);
  const list = error instanceof ApiError ? error.mistakes : [];
  if (list.length === 0) return { of: new Map(), others: words === null ? [] : [words] };
  const found: ShapeMistakes = { of: new Map(), others: [] };
  for (const { key, text } of list) {
    const match = /^(zones|lines)\[(\d+)\]/.exec(key);
    const kind = match?.[1] === 'zones' ? 'zone' : 'line';
    const shape = match === null ? undefined : drawing.filter((candidate) => candidate.kind === kind)[Number(match[2])];
    if (shape === undefined) found.others.push(key === '' ? text : `${key}: ${text}`);
    else found.of.set(shape.id, [...(found.of.get(shape.id) ?? []), text]);
  }
  return found;
}

function useUndoKeys(editor: Editor): void {
  const latest = useRef(editor);
  latest.current = editor;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      if (event.target instanceof HTMLInputElement) return; // the field's own
      const key = event.key.toLowerCase();
      if (key === 'z' && !event.shiftKey) latest.current.undo();
      else if (key === 'y' || key === 'z') latest.current.redo();
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}

// Who closes the page with changes is asked; another view keeps them.
function useKeptChanges(changed: boolean): void {
  useEffect(() => {
    if (!changed) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [changed]);
}
