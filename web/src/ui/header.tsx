// The bar on top: name, views, cameras, dark or light, help, who is signed in. On a phone the views are at the bottom.

import { useState } from 'preact/hooks';

import { signOut } from '../api';
import { hrefOf, type Route } from '../routes';
import { apply, nextChoice, storeChoice, storedChoice, type ThemeChoice } from '../theme';
import { useIdentity, useKeys } from './hooks';
import { Icon, type IconName } from './icons';

interface Props {
  cameras: readonly string[];
  route: Route;
  signedIn: boolean; // the gateway has let us in
  openHelp: () => void;
}

export function Header({ cameras, route, signedIn, openHelp }: Props) {
  const current = 'camera' in route && route.view !== 'event' ? route.camera : '';
  const live = route.view === 'grid' || route.view === 'camera' || route.view === 'edit';
  const shown = live && cameras.length > 1;
  return (
    <header class="header" data-cameras={shown}>
      <a class="brand" href={hrefOf({ view: 'grid' })} aria-label="Vedette: all cameras">
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <path class="brand-lid" d="M3 16c3.5-6 8-9 13-9s9.5 3 13 9c-3.5 6-8 9-13 9S6.5 22 3 16z" />
          <circle class="brand-eye" cx="16" cy="16" r="4.6" />
        </svg>
        <span>Vedette</span>
      </a>
      <nav class="views" aria-label="Views" data-testid="views">
        <Choice route={{ view: 'grid' }} icon="live" text="Live" current={live} />
        <Choice route={{ view: 'events', query: '' }} icon="events" text="Events" current={route.view.startsWith('event')} />
        <Choice route={{ view: 'system' }} icon="system" text="System" current={route.view === 'system'} />
      </nav>
      {shown && (
        <nav class="cameras" aria-label="Cameras" data-testid="cameras">
          <Choice route={{ view: 'grid' }} text="All" current={current === ''} />
          {cameras.map((camera) => (
            <Choice key={camera} route={{ view: 'camera', camera }} text={camera} current={current === camera} />
          ))}
        </nav>
      )}
      <div class="header-end">
        {signedIn && <Account />}
        <ThemeSwitch />
        <button type="button" class="icon-button" aria-label="Help and keys" title="Help and keys (?)" aria-keyshortcuts="?" onClick={openHelp}>
          <Icon name="help" />
        </button>
      </div>
    </header>
  );
}

interface ChoiceProps {
  route: Route;
  text: string;
  current: boolean;
  icon?: IconName;
}

function Choice({ route, text, current, icon }: ChoiceProps) {
  return (
    <a class="choice" href={hrefOf(route)} {...(current ? { 'aria-current': 'page' as const } : {})}>
      {icon !== undefined && <Icon name={icon} />}
      {text}
    </a>
  );
}

const kThemes: Record<ThemeChoice, { icon: IconName; text: string }> = {
  system: { icon: 'auto', text: 'as the system' },
  dark: { icon: 'moon', text: 'dark' },
  light: { icon: 'sun', text: 'light' },
};

function ThemeSwitch() {
  const [choice, setChoice] = useState(storedChoice);
  const turn = () => {
    const next = nextChoice(choice);
    storeChoice(next);
    apply(next);
    setChoice(next);
  };
  useKeys([{ key: 't', does: 'Colours: as the system, dark, light', act: turn }]);
  const { icon, text } = kThemes[choice];
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Colours: ${text}`}
      title={`Colours: ${text} (T)`}
      aria-keyshortcuts="t"
      data-testid="theme"
      onClick={turn}
    >
      <Icon name={icon} />
    </button>
  );
}

function Account() {
  const identity = useIdentity();
  if (identity === null || identity.auth === 'none') return null;
  return (
    <span class="account">
      {identity.name !== '' && <span class="account-name">{identity.name}</span>}
      <button type="button" onClick={() => void signOut().catch(() => undefined)}>
        Sign out
      </button>
    </span>
  );
}
