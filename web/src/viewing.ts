// What the visitor wants to see, kept for the next visit.

import type { Viewing } from './session';

const kKey = 'vedette-viewing';
const kDefault: Viewing = { boxes: true, zones: true, matching: 'auto' };

export function loadViewing(): Viewing {
  try {
    const { boxes, zones, matching } = JSON.parse(localStorage.getItem(kKey) ?? '{}') as Partial<Viewing>;
    return { boxes: boxes !== false, zones: zones !== false, matching: matching === 'instant' || matching === 'exact' ? matching : 'auto' };
  } catch {
    return { ...kDefault };
  }
}

export function saveViewing(viewing: Viewing): void {
  try {
    localStorage.setItem(kKey, JSON.stringify(viewing));
  } catch {
    // not kept
  }
}
