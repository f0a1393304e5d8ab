// What the views share: the route, what the gateway answers, who is asking, keys.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { fetchIdentity, type Identity } from '../api';
import { afterFirstPicture } from '../first_picture';
import { addBindings, type Binding } from '../keys';
import { wordsOf } from '../problem';
import { hrefOf, parseRoute, type Route } from '../routes';

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  return parseRoute(hash);
}

// `replace`: the way back doesn't lead to what is shown now.
export function goTo(route: Route, { replace = false } = {}): void {
  if (!replace) {
    location.hash = hrefOf(route);
    return;
  }
  history.replaceState(null, '', hrefOf(route));
  window.dispatchEvent(new Event('hashchange'));
}

export interface Asked<T> {
  value: T | null; // the last that came
  error: string | null; // why the last try failed
  asking: boolean;
  again: () => void;
}

// Asks when the component comes, when `about` changes, and then every `everyMs` while the page is looked at; calls off what is under
// way when it goes. What was known about something else is forgotten.
export function useAsked<T>(question: (signal: AbortSignal) => Promise<T>, about: string, everyMs = 0): Asked<T> {
  const [state, setState] = useState<{ about: string; value: T | null; error: string | null; asking: boolean }>(() => fresh(about));
  const [count, setCount] = useState(0);
  const latest = useRef(question);
  latest.current = question;
  useEffect(() => {
    const controller = new AbortController();
    let timer = 0;
    const attempt = async () => {
      try {
        const value = await latest.current(controller.signal);
        if (!controller.signal.aborted) setState({ about, value, error: null, asking: false });
      } catch (error) {
        const words = wordsOf(error);
        if (!controller.signal.aborted && words !== null)
          setState((before) => ({ ...(before.about === about ? before : fresh<T>(about)), error: words, asking: false }));
      }
      if (everyMs > 0 && !controller.signal.aborted) timer = window.setTimeout(next, everyMs);
    };
    const next = () => {
      if (!document.hidden) return void attempt();
      timer = window.setTimeout(next, everyMs);
    };
    setState((before) => (before.about === about ? { ...before, asking: true } : fresh(about)));
    void attempt();
    return () => {
      controller.abort();
      window.clearTimeout(timer);
    };
  }, [about, everyMs, count]);
  const again = useCallback(() => setCount((before) => before + 1), []);
  const known = state.about === about ? state : fresh<T>(about);
  return { value: known.value, error: known.error, asking: known.asking, again };
}

function fresh<T>(about: string): { about: string; value: T | null; error: string | null; asking: boolean } {
  return { about, value: null, error: null, asking: true };
}

// Who is asking: one answer for the whole page.
let known: Identity | null = null;
const waiting = new Set<(identity: Identity | null) => void>();

export function refreshIdentity(): void {
  void fetchIdentity()
    .then((identity) => (known = identity))
    .catch(() => (known = null))
    .finally(() => waiting.forEach((tell) => tell(known)));
}

export function useIdentity(): Identity | null {
  const [identity, setIdentity] = useState(known);
  useEffect(() => {
    waiting.add(setIdentity);
    if (known === null) afterFirstPicture(() => known === null && refreshIdentity());
    else setIdentity(known);
    return () => void waiting.delete(setIdentity);
  }, []);
  return identity;
}

// Keys hold as soon as the component is seen: an effect after the picture would lose a key pressed at once.
export function useKeys(bindings: readonly Binding[]): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  useLayoutEffect(() => addBindings(() => latest.current), []);
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Vedette' : `${title} · Vedette`;
  }, [title]);
}

// The size of an element on the page, CSS pixels.
export function useSize<E extends Element>(): [(element: E | null) => void, { width: number; height: number }] {
  const [size, setSize] = useState({ width: 0, height: 0 });
  const observer = useRef<ResizeObserver | null>(null);
  const attach = useCallback((element: E | null) => {
    observer.current?.disconnect();
    observer.current = null;
    if (element === null) return;
    observer.current = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
    });
    observer.current.observe(element);
  }, []);
  return [attach, size];
}
