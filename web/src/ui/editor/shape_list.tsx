// All zones, lines or masks beside the picture; whether they are as the configuration file has them, and the way back to that.

import { useState } from 'preact/hooks';

import { rulesOf, type Kind } from '../../editor/shapes';
import type { Setting } from '../../settings';
import { Confirm } from '../confirm';
import { ShapeForm } from './shape_form';
import type { Editor } from './use_editor';
import type { ShapeMistakes } from './use_saving';

const kTexts: Record<Kind, { title: string; none: string; about?: string }> = {
  zone: { title: 'Zones', none: 'None: rules are about the whole picture.' },
  line: { title: 'Lines', none: 'None.' },
  mask: {
    title: 'Masks',
    none: 'None: all of the picture is shown.',
    about: 'What a mask touches is black. Saving masks restarts the camera’s capture for a moment.',
  },
};

interface Props {
  kind: Kind;
  editor: Editor;
  locked: boolean;
  setting: Setting | undefined;
  rules: unknown; // as the settings have them
  classes: readonly string[];
  mistakes: ShapeMistakes;
  unset: () => void;
}

export function ShapeList({ kind, editor, locked, setting, rules, classes, mistakes, unset }: Props) {
  const [sure, askSure] = useState(false);
  const shapes = editor.drawing.filter((shape) => shape.kind === kind);
  const { title, none, about } = kTexts[kind];
  const overridden = setting?.overridden === true;
  return (
    <section class="card" data-testid={`${kind}s`} data-overridden={overridden}>
      <h2>{title}</h2>
      {about !== undefined && <p class="nothing">{about}</p>}
      {shapes.length === 0 && <p class="nothing">{none}</p>}
      <ul class="shape-items">
        {shapes.map((shape) => (
          <ShapeForm
            key={shape.id}
            shape={shape}
            editor={editor}
            locked={locked}
            classes={classes}
            rules={rulesOf(rules, kind, shape.name)}
            mistakes={mistakes.of.get(shape.id) ?? []}
          />
        ))}
      </ul>
      <p class="origin">
        {overridden ? 'Changed here: not as the configuration file has them.' : 'As the configuration file has them.'}
        {overridden && !locked && (
          <button type="button" onClick={() => askSure(true)} data-testid={`unset-${kind}s`}>
            Back to the file
          </button>
        )}
      </p>
      {sure && (
        <Confirm
          title={`Back to the configuration file’s ${kind}s?`}
          text={`The ${kind}s that were drawn here are forgotten.${kind === 'mask' ? ' What they alone hide is seen again.' : ''}`}
          action="Back to the file"
          act={unset}
          close={() => askSure(false)}
        />
      )}
    </section>
  );
}
