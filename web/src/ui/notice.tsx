// Instead of a view: what is waited for, or why there is nothing.

import type { ComponentChildren } from 'preact';

interface Props {
  title: string;
  text?: string;
  children?: ComponentChildren;
}

export function Notice({ title, text, children }: Props) {
  return (
    <div class="notice" role="status">
      <h1>{title}</h1>
      {text !== undefined && <p>{text}</p>}
      {children}
    </div>
  );
}

// Something failed; nothing if it didn't.
export function Trouble({ text, again }: { text: string | null; again?: () => void }) {
  if (text === null) return null;
  return (
    <div class="trouble-box" role="alert">
      <p>{text}</p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}
