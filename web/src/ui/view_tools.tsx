// What the visitor chooses to see of the live picture: boxes, zones, and whether a picture waits for its boxes.

import { useEffect, useState } from 'preact/hooks';

import type { Matching } from '../matching';
import type { CameraSession, Viewing } from '../session';
import { loadViewing, saveViewing } from '../viewing';

const kNext: Record<Matching, Matching> = { auto: 'exact', exact: 'instant', instant: 'auto' };
const kMeans: Record<Matching, string> = {
  auto: 'Pictures wait for their boxes; where these come too late, boxes are moved on by their speed',
  exact: 'Pictures wait for their boxes and have exactly these or none',
  instant: 'The newest picture at once, boxes moved on by their speed',
};

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
    toggleMatching: () => choose(({ matching }) => ({ matching: kNext[matching] })),
  };
}

export function ViewTools({ viewing, toggleBoxes, toggleZones, toggleMatching }: ViewChoice) {
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
        aria-keyshortcuts="i"
        title={`${kMeans[viewing.matching]} (I: ${kNext[viewing.matching]})`}
        data-testid="matching"
        data-matching={viewing.matching}
        onClick={toggleMatching}
      >
        Match: {viewing.matching}
      </button>
    </>
  );
}
