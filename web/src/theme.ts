// Dark or light: what the visitor chose, else what the system prefers. The choice is kept in the browser; the one that holds is the
// attribute data-theme of <html>, which the style sheets go by.

export type Theme = 'dark' | 'light';
export type ThemeChoice = Theme | 'system';

const kKey = 'vedette-theme';
const kNext: Record<ThemeChoice, ThemeChoice> = { system: 'dark', dark: 'light', light: 'system' };

export function nextChoice(choice: ThemeChoice): ThemeChoice {
  return kNext[choice];
}

// The browser may refuse to keep anything; then it holds until the page is left.
export function storedChoice(): ThemeChoice {
  try {
    const kept = localStorage.getItem(kKey);
    return kept === 'dark' || kept === 'light' ? kept : 'system';
  } catch {
    return 'system';
  }
}

export function storeChoice(choice: ThemeChoice): void {
  try {
    if (choice === 'system') localStorage.removeItem(kKey);
    else localStorage.setItem(kKey, choice);
  } catch {
    // not kept
  }
}

export function apply(choice: ThemeChoice): void {
  const light = matchMedia('(prefers-color-scheme: light)').matches;
  document.documentElement.dataset['theme'] = choice === 'system' ? (light ? 'light' : 'dark') : choice;
}

// Follows the system's preference from now on, as long as nothing else is chosen.
export function startTheme(): void {
  apply(storedChoice());
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => apply(storedChoice()));
}
