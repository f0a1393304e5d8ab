// How far an arrow key goes: a small step, with Shift a large one; null: it is another key, or it means something else.

const kArrows: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function arrowStep(event: KeyboardEvent, small: number, large: number): [number, number] | null {
  const arrow = kArrows[event.key];
  if (arrow === undefined || event.ctrlKey || event.altKey || event.metaKey) return null;
  const step = event.shiftKey ? large : small;
  return [arrow[0] * step, arrow[1] * step];
}
