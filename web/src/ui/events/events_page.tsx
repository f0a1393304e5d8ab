// What happened: the recorded events, newest first, filtered; one of them beside the list (on a phone instead of it).

import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

import './events.css';
import { parseFilter, queryOf, isFiltered, type EventFilter } from '../../event_filter';
import { keyOf, type StoredEvent } from '../../events';
import { day } from '../../format';
import { hrefOf, type Route } from '../../routes';
import { goTo } from '../hooks';
import { Trouble } from '../notice';
import { EventCard } from './event_card';
import { EventDetail } from './event_detail';
import { Filters } from './filters';
import { useEventList, type EventList } from './use_event_list';

interface Props {
  cameras: readonly string[];
  route: Route & { view: 'events' | 'event' };
}

export function EventsPage({ cameras, route }: Props) {
  const filter = parseFilter(route.query);
  const list = useEventList(filter);
  const chosen = route.view === 'event' ? keyOf(route) : null;
  const change = (next: EventFilter) => goTo({ view: 'events', query: queryOf(next) }, { replace: true });
  useKeepPlace(chosen);
  return (
    <div class="events-view" data-chosen={chosen !== null}>
      <div class="view-head">
        <h1>Events</h1>
        <p class="nothing" data-testid="events-count">
          {countText(list)}
        </p>
      </div>
      <section class="events-list" aria-label="List of events">
        <Filters filter={filter} cameras={cameras} events={list.events} change={change} />
        <Trouble text={list.error} again={list.again} />
        <Days events={list.events} query={route.query} chosen={chosen} />
        <Below list={list} filter={filter} clear={() => change(parseFilter(''))} />
      </section>
      <p class="visually-hidden" role="status">
        {list.fresh === 0 ? '' : list.fresh === 1 ? 'A new event.' : `${list.fresh} new events.`}
      </p>
      {route.view === 'event' && <EventDetail key={chosen} camera={route.camera} id={route.id} query={route.query} list={list} />}
    </div>
  );
}

function countText(list: EventList): string {
  if (list.events.length === 0) return '';
  return `${list.events.length}${list.next === null ? '' : ' and more'}`;
}

function Days({ events, query, chosen }: { events: readonly StoredEvent[]; query: string; chosen: string | null }) {
  const now = Date.now();
  const days: { name: string; events: StoredEvent[] }[] = [];
  for (const event of events) {
    const name = day(event.startedAtMs, now);
    if (days.at(-1)?.name !== name) days.push({ name, events: [] });
    days.at(-1)!.events.push(event);
  }
  return (
    <>
      {days.map(({ name, events: list }) => (
        <section key={name} class="events-day">
          <h2>{name}</h2>
          <ul class="event-cards" data-testid="event-cards">
            {list.map((event) => (
              <EventCard
                key={keyOf(event)}
                event={event}
                href={hrefOf({ view: 'event', camera: event.camera, id: event.id, query })}
                chosen={keyOf(event) === chosen}
              />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

// More of them as soon as the end of the list comes near; a button for who doesn't scroll.
function Below({ list, filter, clear }: { list: EventList; filter: EventFilter; clear: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  const { more } = list;
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) more();
    }, { rootMargin: '600px' });
    observer.observe(end.current!);
    return () => observer.disconnect();
  }, [more, list.events.length]);
  const empty = list.events.length === 0;
  return (
    <div ref={end} class="events-end">
      {empty && list.asking && <p class="nothing">Looking…</p>}
      {empty && !list.asking && list.error === null && (
        <div class="notice" role="status" data-testid="no-events">
          <h2>{isFiltered(filter) ? 'No such events' : 'Nothing has happened yet'}</h2>
          <p>{isFiltered(filter) ? 'No recorded event fits this filter.' : 'What the rules ask for appears here by itself.'}</p>
          {isFiltered(filter) && (
            <button type="button" onClick={clear}>
              All events
            </button>
          )}
        </div>
      )}
      {!empty && list.next !== null && (
        <button type="button" onClick={more} disabled={list.asking} data-testid="more-events">
          {list.asking ? 'Loading…' : 'Older events'}
        </button>
      )}
    </div>
  );
}

// Where the list is what is left for an event, the way back leads to where one was in it.
function useKeepPlace(chosen: string | null): void {
  const before = useRef(chosen);
  const place = useRef(0);
  useEffect(() => {
    const note = () => {
      if (before.current === null) place.current = window.scrollY;
    };
    window.addEventListener('scroll', note, { passive: true });
    return () => window.removeEventListener('scroll', note);
  }, []);
  useLayoutEffect(() => {
    const last = before.current;
    before.current = chosen;
    if (last === chosen || (last !== null && chosen !== null)) return;
    if (chosen !== null) return window.scrollTo(0, isWide() ? place.current : 0);
    window.scrollTo(0, place.current);
    document.querySelector<HTMLElement>(`[data-event="${CSS.escape(last!)}"]`)?.focus({ preventScroll: true });
  }, [chosen]);
}

function isWide(): boolean {
  return matchMedia('(min-width: 1001px)').matches;
}
