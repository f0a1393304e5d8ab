// What isn't needed for the picture waits for it: until the page's first picture is on the screen, or for a while where none comes.
// Only a page that was opened at a live view waits.

import { parseRoute } from './routes';

const kPatienceMs = 5000;

let waiting: (() => void)[] | null = null; // null: nothing waits any more

function startsLive(): boolean {
  const { view } = parseRoute(window.location.hash);
  return view === 'grid' || view === 'camera';
}

export function pictureShown(): void {
  const due = waiting ?? [];
  waiting = null;
  for (const act of due) act();
}

if (typeof window !== 'undefined' && startsLive()) {
  waiting = [];
  window.setTimeout(pictureShown, kPatienceMs);
}

export function afterFirstPicture(act: () => void): void {
  if (waiting === null) act();
  else waiting.push(act);
}
