// Zones, lines and masks of one camera, drawn on its live picture and saved by the API. Who may not change them sees them.

import { useEffect, useRef } from 'preact/hooks';

import './editor.css';
import { may } from '../../api';
import { nameMistake, type Kind } from '../../editor/shapes';
import { hrefOf } from '../../routes';
import { loadViewing } from '../../viewing';
import { useAsked, useIdentity, useKeys } from '../hooks';
import { Icon, type IconName } from '../icons';
import { Live, shapeOf } from '../live';
import { Trouble } from '../notice';
import { useSession } from '../use_session';
import { Overlay, toolText } from './overlay';
import { ShapeList } from './shape_list';
import { useEditor, type Editor } from './use_editor';
import { fetchLoaded, isChanged, kKinds, useLoading, useSaving } from './use_saving';

const kTools: readonly { kind: Kind; key: string; icon: IconName }[] = [
  { kind: 'zone', key: 'n', icon: 'zone' },
  { kind: 'line', key: 'm', icon: 'line' },
  { kind: 'mask', key: 'p', icon: 'mask' }, // private
];

// Of what has the focus on the picture.
const kOwnKeys = [
  { key: '← ↑ ↓ →', does: 'Move the corner, or the whole shape; with Shift in large steps' },
  { key: 'Insert', does: 'One more corner, behind this one' },
  { key: 'Delete', does: 'Delete the corner, or the whole shape' },
  { key: 'Ctrl+Z', does: 'Undo; Ctrl+Y: redo' },
];

export function EditorPage({ camera }: { camera: string }) {
  const { session, view } = useSession(camera, () => undefined);
  const identity = useIdentity();
  useEffect(() => session.show({ ...loadViewing(), zones: false }), [session]); // they are drawn over the picture
  const editor = useEditor(camera);
  const loaded = useAsked((signal) => fetchLoaded(camera, signal), camera);
  const settings = loaded.value?.settings;
  const { mistakes, saving, done, save, unset } = useSaving(camera, editor, loaded.value?.orientation, loaded.again);
  useLoading(camera, editor, loaded.value);
  const locked = !may(identity?.role, 'admin') || settings === undefined;
  const changed = isChanged(editor);
  useUndoKeys(editor);
  useKeptChanges(changed);
  const toolKeys = kTools.map(({ kind, key }) => ({ key, does: `New ${kind}`, act: () => editor.startTool(kind) }));
  useKeys(locked ? [] : [...toolKeys, ...kOwnKeys]);
  return (
    <div class="editor">
      <div class="view-head">
        <h1>
          Zones and masks of <a href={hrefOf({ view: 'camera', camera })}>{camera}</a>
        </h1>
        {!locked && <Tools editor={editor} changed={changed} saving={saving} save={save} />}
        {locked && identity !== null && settings !== undefined && <p class="nothing">Only an admin can change them.</p>}
      </div>
      <div class="editor-stage" style={shapeOf(view)}>
        <Live session={session} view={view} />
        <Overlay camera={camera} editor={editor} locked={locked} />
      </div>
      <aside class="editor-side" aria-label="Zones, lines and masks">
        <Trouble text={loaded.error} again={loaded.again} />
        <p class="editor-said" role="status" data-testid="said">
          {editor.tool !== null && editor.said === '' ? toolText(editor.tool) : editor.said || (changed ? '' : done)}
        </p>
        <Trouble text={mistakes.others.length > 0 ? mistakes.others.join('\n') : null} />
        {settings !== undefined &&
          kKinds.map(({ kind, key }) => (
            <ShapeList
              key={key}
              kind={kind}
              editor={editor}
              locked={locked}
              setting={settings[key]}
              rules={settings.rules?.value}
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
      {kTools.map(({ kind, key, icon }) => (
        <button key={kind} type="button" aria-pressed={editor.tool?.kind === kind} aria-keyshortcuts={key} onClick={tool(kind)} data-testid={`new-${kind}`}>
          <Icon name={icon} />
          New {kind}
        </button>
      ))}
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
