// What is said of one zone, line or mask beside the picture: its name, what counts in it, what is wrong with it.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { nameMistake, titleOf, type Shape } from '../../editor/shapes';
import { Icon } from '../icons';
import { hueOf } from './overlay';
import type { Editor } from './use_editor';

interface Props {
  shape: Shape;
  editor: Editor;
  locked: boolean;
  classes: readonly string[]; // that the detector knows
  rules: readonly string[]; // that name it
  mistakes: readonly string[]; // what the gateway said of it
}

export function ShapeForm({ shape, editor, locked, classes, rules, mistakes }: Props) {
  const chosen = editor.chosen === shape.id;
  const own = nameMistake(shape, editor.drawing);
  const wrong = [...(own === null ? [] : [own]), ...mistakes];
  return (
    <li class="shape-item" data-chosen={chosen} data-testid={`item-${titleOf(shape)}`}>
      <button type="button" class="shape-choice" aria-expanded={chosen} onClick={() => editor.choose(chosen ? null : shape.id)}>
        <Swatch hue={hueOf(editor.drawing.indexOf(shape))} />
        <span class="shape-title">{titleOf(shape) || '(no name)'}</span>
        <span class="shape-about">{about(shape)}</span>
      </button>
      {wrong.map((text) => (
        <p key={text} class="mistake" role="alert">
          {text}
        </p>
      ))}
      {chosen && (
        <div class="shape-fields">
          {rules.length > 0 && (
            <p class="nothing">
              {rules.length === 1 ? 'The rule' : 'The rules'} {rules.join(', ')} {rules.length === 1 ? 'names' : 'name'} it.
            </p>
          )}
          {!locked && <Fields shape={shape} editor={editor} classes={classes} badName={own !== null} />}
        </div>
      )}
    </li>
  );
}

function about({ kind, objects, ignoresMotion }: Shape): string {
  if (kind !== 'zone') return '';
  return [objects.length > 0 ? objects.join(', ') : 'all classes', ...(ignoresMotion ? ['motion ignored'] : [])].join(' · ');
}

function Swatch({ hue }: { hue: number }) {
  return (
    <svg class="swatch" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <circle cx="6" cy="6" r="6" fill={`hsl(${hue} 80% 55%)`} />
    </svg>
  );
}

interface FieldsProps {
  shape: Shape;
  editor: Editor;
  classes: readonly string[];
  badName: boolean;
}

function Fields({ shape, editor, classes, badName }: FieldsProps) {
  return (
    <>
      {shape.kind !== 'mask' && (
        <label class="field">
          Name
          <input
            value={shape.name}
            maxLength={31}
            spellcheck={false}
            autocomplete="off"
            aria-invalid={badName}
            data-testid="shape-name"
            onInput={(event) => editor.change(shape.id, { name: event.currentTarget.value.trim() }, `name ${shape.id}`)}
          />
        </label>
      )}
      {shape.kind === 'zone' && (
        <>
          <Objects shape={shape} editor={editor} classes={classes} />
          <label class="check">
            <input
              type="checkbox"
              checked={shape.ignoresMotion}
              onChange={(event) => editor.change(shape.id, { ignoresMotion: event.currentTarget.checked })}
            />
            What moves here alone wakes nobody
          </label>
        </>
      )}
      {shape.kind === 'line' && (
        <p class="nothing">The arrow points to “in”: from left to right, looking from the first point to the second.</p>
      )}
      <div class="shape-tools">
        {shape.kind === 'line' && (
          <button type="button" onClick={() => editor.reshape(shape.id, [...shape.points].reverse())} data-testid="swap">
            Swap in and out
          </button>
        )}
        <button type="button" class="danger" onClick={() => editor.remove(shape)} data-testid="remove">
          <Icon name="bin" />
          Delete
        </button>
      </div>
    </>
  );
}

// The classes that count in a zone: typed with commas, or none for all of them.
function Objects({ shape, editor, classes }: Omit<FieldsProps, 'badName'>) {
  const [text, setText] = useState(shape.objects.join(', '));
  const names = (typed: string) => [...new Set(typed.split(',').map((name) => name.trim()).filter((name) => name !== ''))];
  const shown = names(text).join() === shape.objects.join() ? text : shape.objects.join(', ');
  const unknown = classes.length === 0 ? [] : shape.objects.filter((name) => !classes.includes(name));
  const type = (event: JSX.TargetedEvent<HTMLInputElement>) => {
    setText(event.currentTarget.value);
    editor.change(shape.id, { objects: names(event.currentTarget.value) }, `objects ${shape.id}`);
  };
  return (
    <label class="field">
      Classes that count here
      <input
        value={shown}
        placeholder="All; or person, car"
        spellcheck={false}
        autocomplete="off"
        aria-invalid={unknown.length > 0}
        data-testid="shape-objects"
        onInput={type}
      />
      {unknown.length > 0 && <span class="mistake">The detector knows no {unknown.join(', ')}.</span>}
    </label>
  );
}
