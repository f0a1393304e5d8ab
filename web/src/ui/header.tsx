// The bar on top: name, choice of camera, state of the connection.

import type { ComponentChildren } from 'preact';

interface Props {
  cameras: readonly string[];
  current: string; // '': all
  children?: ComponentChildren;
}

export function Header({ cameras, current, children }: Props) {
  return (
    <header class="header">
      <a class="brand" href="#" aria-label="Vedette: all cameras">
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <path class="brand-lid" d="M3 16c3.5-6 8-9 13-9s9.5 3 13 9c-3.5 6-8 9-13 9S6.5 22 3 16z" />
          <circle class="brand-eye" cx="16" cy="16" r="4.6" />
        </svg>
        <span>Vedette</span>
      </a>
      {cameras.length > 1 && (
        <nav class="cameras" aria-label="Cameras" data-testid="cameras">
          <Choice href="#" text="All" current={current === ''} />
          {cameras.map((name) => (
            <Choice key={name} href={`#${encodeURIComponent(name)}`} text={name} current={current === name} />
          ))}
        </nav>
      )}
      <div class="header-end">{children}</div>
    </header>
  );
}

function Choice({ href, text, current }: { href: string; text: string; current: boolean }) {
  return (
    <a class="choice" href={href} {...(current ? { 'aria-current': 'page' as const } : {})}>
      {text}
    </a>
  );
}
