// What was drawn, step by step: undo and redo. Steps of one kind in a row (typing a name, nudging a corner) are one. Pure.

const kMost = 200;

export interface History<T> {
  past: readonly T[];
  now: T;
  future: readonly T[];
  tag: string; // of the last step; "": none that goes on
}

export function begin<T>(now: T): History<T> {
  return { past: [], now, future: [], tag: '' };
}

// `tag` not empty: a step with the same tag as the one before goes on with that.
export function commit<T>(history: History<T>, next: T, tag = ''): History<T> {
  if (next === history.now) return history;
  const goesOn = tag !== '' && tag === history.tag;
  const past = goesOn ? history.past : [...history.past, history.now].slice(-kMost);
  return { past, now: next, future: [], tag };
}

export function undo<T>({ past, now, future, tag }: History<T>): History<T> {
  if (past.length === 0) return { past, now, future, tag };
  return { past: past.slice(0, -1), now: past.at(-1)!, future: [now, ...future], tag: '' };
}

export function redo<T>({ past, now, future, tag }: History<T>): History<T> {
  if (future.length === 0) return { past, now, future, tag };
  return { past: [...past, now], now: future[0]!, future: future.slice(1), tag: '' };
}
