// Small signs used on both pages: connection, mode, boxes.

import { duration } from '../format';
import type { ConnectionState } from '../connection';
import { isTroubled, reasonOf, shownInput, type InputHealth } from '../health';
import type { Mode } from '../protocol';
import type { View } from '../session';

const kConnection: Record<ConnectionState, string> = {
  connecting: 'Connecting…',
  live: 'Live',
  silent: 'No data',
  waiting: 'Reconnecting…',
  refused: 'Access refused',
  paused: 'Paused',
};

const kMode: Record<Mode, string> = { standby: 'Standby', validation: 'Validation', tracking: 'Tracking' };

export function connectionText(view: View): string {
  return kConnection[view.connection];
}

export function modeText(mode: Mode | null | undefined): string {
  return mode == null ? 'Unknown' : kMode[mode];
}

export function ConnectionBadge({ view }: { view: View }) {
  return (
    <span class="badge connection" data-testid="connection" data-state={view.connection}>
      <i class="dot" aria-hidden="true" />
      {connectionText(view)}
    </span>
  );
}

export function ModeBadge({ mode }: { mode: Mode | null | undefined }) {
  return (
    <span class="badge mode" data-mode={mode ?? 'unknown'}>
      <i class="dot" aria-hidden="true" />
      {modeText(mode)}
    </span>
  );
}

export function StillBadge({ view }: { view: View }) {
  if (view.state?.detecting === false)
    return (
      <span class="badge" data-testid="not-detecting" title="By command, nothing is looked for here">
        Detection off
      </span>
    );
  if (!view.still) return null;
  return (
    <span class="badge" data-testid="still" title="Nothing moves: the model is spared, the last boxes hold">
      Still
    </span>
  );
}

export function InputBadge({ input, named = false }: { input: InputHealth; named?: boolean }) {
  return (
    <span class="badge trouble" data-status={input.status}>
      <i class="dot" aria-hidden="true" />
      {named && `${input.label} `}
      {input.status}
    </span>
  );
}

// The inputs that give no pictures, and why, unless the frozen picture itself says it; nothing if all do.
export function InputTroubles({ view }: { view: View }) {
  const troubled = view.inputs.filter(isTroubled);
  if (troubled.length === 0) return null;
  const said = view.frozen ? shownInput(view.inputs) : undefined;
  return (
    <span class="input-troubles">
      {troubled.map((input) => (
        <span key={input.name} class="input-trouble">
          <InputBadge input={input} named />
          {input !== said && <span class="input-reason">{reasonOf(input)}</span>}
        </span>
      ))}
    </span>
  );
}

// How many boxes there are for the picture; none counts while it is old.
export function boxCount(view: View): number {
  return view.frozen ? 0 : (view.shown?.overlay?.boxes.length ?? 0);
}

// The same in words, and whether they are the picture's own.
export function boxesText(view: View): string {
  const overlay = view.shown?.overlay ?? null;
  if (overlay === null || view.frozen) return 'no current boxes';
  const count = `${boxCount(view)} ${boxCount(view) === 1 ? 'box' : 'boxes'}`;
  switch (overlay.kind) {
    case 'exact':
      return `${count}, of this frame`;
    case 'still':
      return `${count}, nothing has moved since`;
    case 'moved':
      return `${count}, moved on by ${duration(Math.abs(overlay.ageMs))}`;
    case 'older':
      return `${count}, ${duration(overlay.ageMs)} older`;
  }
}
