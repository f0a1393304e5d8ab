// The shell: which view the address asks for, what is around all of them, and who isn't let in.

import type { JSX } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { onTurnedAway } from '../api';
import { Backoff } from '../backoff';
import { fetchCameras, hideToken } from '../gateway';
import { hrefOf, titleOf, type Route } from '../routes';
import { CameraPage } from './camera_page';
import { GridPage } from './grid_page';
import { Header } from './header';
import { goTo, refreshIdentity, useKeys, useRoute, useTitle } from './hooks';
import { lazy } from './lazy';
import { Notice } from './notice';

const EventsPage = lazy(async () => (await import('./events/events_page')).EventsPage);
const EditorPage = lazy(async () => (await import('./editor/editor_page')).EditorPage);
const SystemPage = lazy(async () => (await import('./system/system_page')).SystemPage);
const Help = lazy(async () => (await import('./help')).Help);
const Login = lazy(async () => (await import('./login')).Login);

export function App() {
  const { cameras, refused, reload } = useCameras();
  const route = settled(useRoute(), cameras);
  const [help, showHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  useTitle(route.view === 'grid' ? '' : titleOf(route));
  useFocusOnTheWay(route, main);
  useKeys(shellKeys(cameras ?? [], () => showHelp(true)));
  const letIn = () => {
    refreshIdentity();
    reload();
  };
  const skip = (event: JSX.TargetedEvent<HTMLAnchorElement>) => {
    event.preventDefault();
    main.current?.focus();
  };
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Header cameras={refused ? [] : (cameras ?? [])} route={route} signedIn={!refused && cameras !== null} openHelp={() => showHelp(true)} />
      <main id="main" ref={main} tabIndex={-1} data-view={route.view}>
        {refused ? (
          <Login done={letIn} />
        ) : cameras === null ? (
          <Notice title="Looking for the gateway…" text="This page goes on by itself when it answers." />
        ) : (
          <View route={route} cameras={cameras} reconnected={reload} />
        )}
      </main>
      {help && <Help close={() => showHelp(false)} />}
    </>
  );
}

function View({ route, cameras, reconnected }: { route: Route; cameras: readonly string[]; reconnected: () => void }) {
  if ('camera' in route && route.view !== 'event' && !cameras.includes(route.camera)) {
    return (
      <Notice title={`There is no camera “${route.camera}”`} text="It isn’t configured here, or you may not see it.">
        <a href={hrefOf({ view: 'grid' })}>All cameras</a>
      </Notice>
    );
  }
  switch (route.view) {
    case 'grid':
      return <GridPage cameras={cameras} />;
    case 'camera':
      return <CameraPage key={route.camera} camera={route.camera} reconnected={reconnected} />;
    case 'edit':
      return <EditorPage key={route.camera} camera={route.camera} />;
    case 'events':
    case 'event':
      return <EventsPage cameras={cameras} route={route} />;
    case 'system':
      return <SystemPage />;
    case 'nowhere':
      return (
        <Notice title="There is nothing here" text={`The address ends in “${route.hash}”, which this page doesn’t know.`}>
          <a href={hrefOf({ view: 'grid' })}>All cameras</a>
        </Notice>
      );
  }
}

// With one camera alone there is nothing to choose from.
function settled(route: Route, cameras: readonly string[] | null): Route {
  return route.view === 'grid' && cameras?.length === 1 ? { view: 'camera', camera: cameras[0]! } : route;
}

// Who goes to another view by a link or a key begins at its top; who reads by ear hears its title.
function useFocusOnTheWay(route: Route, main: { current: HTMLElement | null }): void {
  const place = route.view === 'event' ? 'events' : 'camera' in route ? `${route.view}/${route.camera}` : route.view;
  const before = useRef(place);
  useEffect(() => {
    if (before.current === place) return;
    before.current = place;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [place]);
}

function shellKeys(cameras: readonly string[], openHelp: () => void) {
  const numbered = cameras.length < 2 ? [] : cameras.slice(0, 9);
  return [
    { key: '?', does: 'This help', act: openHelp },
    { key: 'l', does: 'Live', act: () => goTo({ view: 'grid' }) },
    { key: 'e', does: 'Events', act: () => goTo({ view: 'events', query: '' }) },
    { key: 's', does: 'System', act: () => goTo({ view: 'system' }) },
    ...numbered.map((camera, i) => ({ key: String(i + 1), does: `Camera ${camera}`, act: () => goTo({ view: 'camera', camera }) })),
  ];
}

// The cameras of the gateway; asked for until it answers, and again when it has come back.
function useCameras() {
  const [cameras, setCameras] = useState<string[] | null>(null);
  const [refused, setRefused] = useState(false);
  const [asked, ask] = useState(0);
  const reload = useCallback(() => ask((count) => count + 1), []);
  useEffect(() => onTurnedAway(reload), []);
  useEffect(() => {
    const backoff = new Backoff();
    let timer = 0;
    let over = false;
    const attempt = async () => {
      const answer = await fetchCameras();
      if (over) return;
      setRefused(answer.kind === 'refused');
      if (answer.kind !== 'cameras') {
        timer = window.setTimeout(() => void attempt(), backoff.next());
        return;
      }
      hideToken();
      setCameras((before) => (before?.join() === answer.names.join() ? before : answer.names));
    };
    void attempt();
    return () => {
      over = true;
      window.clearTimeout(timer);
    };
  }, [asked]);
  return { cameras, refused, reload };
}
