// What the visitor chooses to see of the live picture: boxes, zones, and whether a picture waits for its boxes.

import { useEffect, useState } from 'preact/hooks';

import type { CameraSession, Viewing } from '../session';
import { loadViewing, saveViewing } from '../viewing';

export interface ViewChoice {
  viewing: Viewing;
  toggleBoxes: () => void;
  toggleZones: () => void;
  toggleMatching: () => void;
}

export function useViewing(session: CameraSession): ViewChoice {
  const [viewing, change] = useState(loadViewing);
  useEffect(() => session.show(viewing), [session, viewing]);
  const choose = (next: (before: Viewing) => Partial<Viewing>) =>
    change((before) => {
      const chosen = { ...before, ...next(before) };
      saveViewing(chosen);
      return chosen;
    });
  return {
    viewing,
    toggleBoxes: () => choose(({ boxes }) => ({ boxes: !boxes })),
    toggleZones: () => choose(({ zones }) => ({ zones: !zones })),
    toggleMatching: () => choose(({ matching }) => ({ matching: matching === 'exact' ? 'instant' : 'exact' })),
  };
}

export function ViewTools({ viewing, toggleBoxes, toggleZones, toggleMatching }: ViewChoice) {
  const exact = viewing.matching === 'exact';
  return (
    <>
      <button type="button" aria-pressed={viewing.boxes} aria-keyshortcuts="b" title="Show boxes (B)" onClick={toggleBoxes}>
        Boxes
      </button>
      <button type="button" aria-pressed={viewing.zones} aria-keyshortcuts="o" title="Show zones and lines (O)" onClick={toggleZones}>
        Outlines
      </button>
      <button
        type="button"
        aria-pressed={exact}
        aria-keyshortcuts="i"
        title={
          exact
            ? 'Pictures wait for their boxes. Press for the newest picture at once (I)'
            : 'The newest picture at once, boxes moved on by their speed. Press for pictures with exactly their own boxes (I)'
        }
        data-testid="matching"
        data-matching={viewing.matching}
        onClick={toggleMatching}
      >
        Exact boxes
      </button>
    </>
  );
}
