// Keys of the page. Parts that are on the page say which keys they take and what these do; the help shows all that hold just now. A
// single key does nothing while somebody types, while a dialog is open, or when the visitor has switched single keys off.

export interface Binding {
  key: string; // as KeyboardEvent.key, letters in lower case
  does: string; // for the help: "Show or hide boxes"
  act?: () => void; // none: what has the focus takes it itself; it is only told in the help
}

const kOff = 'vedette-keys-off';
const parts = new Map<symbol, () => readonly Binding[]>();

export function addBindings(read: () => readonly Binding[]): () => void {
  const part = Symbol();
  parts.set(part, read);
  return () => void parts.delete(part);
}

export function bindings(): Binding[] {
  return [...parts.values()].flatMap((read) => read());
}

export function singleKeysOff(): boolean {
  try {
    return localStorage.getItem(kOff) !== null;
  } catch {
    return false;
  }
}

export function switchSingleKeys(off: boolean): void {
  try {
    if (off) localStorage.setItem(kOff, 'yes');
    else localStorage.removeItem(kOff);
  } catch {
    // not kept
  }
}

// Does whoever typed mean a field or a control rather than the page?
export function isTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return true;
  const target = event.target;
  if (!(target instanceof Element)) return false;
  return target.closest('input, select, textarea, video, dialog, [contenteditable], [data-own-keys]') !== null;
}

export function startKeys(): void {
  window.addEventListener('keydown', (event) => {
    if (isTaken(event) || document.querySelector('dialog[open]') !== null) return;
    if (event.key !== '?' && singleKeysOff()) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const bound = bindings().findLast((binding) => binding.key === key && binding.act !== undefined);
    if (bound?.act === undefined) return;
    event.preventDefault();
    bound.act();
  });
}
