// The list of events of one filter: page by page, with what is new put on top while it is looked at.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { queryOf, type EventFilter } from '../../event_filter';
import { fetchEvents, keyOf, merged, type StoredEvent } from '../../events';
import { wordsOf } from '../../problem';

const kPage = 48;
const kNewest = 24; // of these it is asked again and again
const kEveryMs = 3000;

export interface EventList {
  events: readonly StoredEvent[];
  next: string | null;
  asking: boolean;
  error: string | null;
  fresh: number; // so many came since the last look
  more: () => void;
  again: () => void;
  replace: (event: StoredEvent) => void;
  drop: (event: StoredEvent) => void;
}

interface Known {
  query: string;
  events: StoredEvent[];
  next: string | null;
  asking: boolean;
  error: string | null;
  fresh: number;
}

export function useEventList(filter: EventFilter): EventList {
  const query = queryOf(filter);
  const [state, setState] = useState<Known>(() => empty(query));
  const [count, setCount] = useState(0);
  const latest = useRef({ filter, state });
  latest.current = { filter, state };
  const controller = useRef(new AbortController());
  const gone = useRef(new Set<string>()); // removed here: a list that was under way may still have them

  const load = useCallback(async (limit: number, before: string | null, signal: AbortSignal, take: (known: Known, events: StoredEvent[], next: string | null) => Known) => {
    try {
      const { events, next } = await fetchEvents(latest.current.filter, limit, before, signal);
      const there = events.filter((event) => !gone.current.has(keyOf(event)));
      if (!signal.aborted) setState((known) => take(known, there, next));
    } catch (error) {
      const words = wordsOf(error);
      if (!signal.aborted && words !== null) setState((known) => ({ ...known, asking: false, error: words }));
    }
  }, []);

  useEffect(() => {
    const calls = new AbortController();
    controller.current = calls;
    setState(empty(query));
    const first = load(kPage, null, calls.signal, (_, events, next) => ({ ...empty(query), events, next, asking: false }));
    const timer = window.setInterval(() => {
      if (document.hidden) return;
      void first.then(() =>
        load(kNewest, null, calls.signal, (known, events, next) => {
          const more = known.events.length === 0 ? { next } : {};
          const all = merged(known.events, events);
          return { ...known, ...more, events: all, error: null, fresh: all.length - known.events.length };
        }),
      );
    }, kEveryMs);
    return () => {
      calls.abort();
      window.clearInterval(timer);
    };
  }, [query, count]);

  const more = useCallback(() => {
    const { next, asking } = latest.current.state;
    if (next === null || asking) return;
    setState((known) => ({ ...known, asking: true }));
    void load(kPage, next, controller.current.signal, (known, events, after) => ({
      ...known,
      events: merged(known.events, events),
      next: after,
      asking: false,
      error: null,
    }));
  }, []);
  const again = useCallback(() => setCount((before) => before + 1), []);
  const replace = useCallback((event: StoredEvent) => {
    setState((known) => ({ ...known, events: known.events.map((old) => (keyOf(old) === keyOf(event) ? event : old)) }));
  }, []);
  const drop = useCallback((event: StoredEvent) => {
    gone.current.add(keyOf(event));
    setState((known) => ({ ...known, events: known.events.filter((old) => keyOf(old) !== keyOf(event)) }));
  }, []);
  const known = state.query === query ? state : empty(query);
  const { events, next, asking, error, fresh } = known;
  return { events, next, asking, error, fresh, more, again, replace, drop };
}

function empty(query: string): Known {
  return { query, events: [], next: null, asking: true, error: null, fresh: 0 };
}
