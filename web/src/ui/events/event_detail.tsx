// One event: its clip or picture, all that is known of it, and what can be done with it.

import { useEffect, useRef, useState } from 'preact/hooks';

import { may } from '../../api';
import { fetchEvent, fileUrl, keyOf, nameOf, removeEvent, setFavourite, type StoredEvent } from '../../events';
import { moment, percent, size } from '../../format';
import { wordsOf } from '../../problem';
import { hrefOf } from '../../routes';
import { Confirm } from '../confirm';
import { goTo, useAsked, useIdentity, useKeys } from '../hooks';
import { Icon } from '../icons';
import { Trouble } from '../notice';
import { lasted } from './event_card';
import { EventMedia } from './event_media';
import type { EventList } from './use_event_list';

interface Props {
  camera: string;
  id: string;
  query: string;
  list: EventList;
}

const kEveryMs = 2000; // while its clip isn't there yet

export function EventDetail({ camera, id, query, list }: Props) {
  const key = keyOf({ camera, id });
  const listed = list.events.find((event) => keyOf(event) === key) ?? null;
  const [unfinished, setUnfinished] = useState(false);
  const asked = useAsked((signal) => fetchEvent(camera, id, signal), key, unfinished ? kEveryMs : 0);
  const event = asked.value ?? listed;
  useEffect(() => setUnfinished(event !== null && (event.open || event.codec === 'mjpeg')), [event?.open, event?.codec]);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  const close = () => goTo({ view: 'events', query });
  const { step, newer, older } = neighbours(list, key, query);
  useKeys([
    { key: 'Escape', does: 'Back to the list', act: close },
    { key: 'ArrowLeft', does: 'Newer event', act: () => step(newer) },
    { key: 'ArrowRight', does: 'Older event', act: () => step(older) },
  ]);
  return (
    <article class="event-detail card" aria-labelledby="event-title" data-testid="event-detail">
      <div class="event-head">
        <h2 id="event-title" ref={heading} tabIndex={-1}>
          {event === null ? 'Event' : nameOf(event)}
        </h2>
        <span class="event-steps">
          <button type="button" class="icon-button" aria-label="Newer event" disabled={newer === undefined} onClick={() => step(newer)}>
            <Icon name="back" />
          </button>
          <button type="button" class="icon-button flipped" aria-label="Older event" disabled={older === undefined} onClick={() => step(older)}>
            <Icon name="back" />
          </button>
          <a class="icon-button button" href={hrefOf({ view: 'events', query })} aria-label="Back to the list">
            <Icon name="close" />
          </a>
        </span>
      </div>
      <Trouble text={asked.error} again={asked.again} />
      {event !== null && (
        <>
          <EventMedia event={event} />
          <Actions event={event} list={list} changed={asked.again} removed={() => (older ?? newer ? step(older ?? newer) : close())} />
          <Facts event={event} />
        </>
      )}
    </article>
  );
}

function neighbours(list: EventList, key: string, query: string) {
  const at = list.events.findIndex((event) => keyOf(event) === key);
  const newer = at > 0 ? list.events[at - 1] : undefined;
  const older = at >= 0 ? list.events[at + 1] : undefined;
  const step = (to: StoredEvent | undefined) => {
    if (to !== undefined) goTo({ view: 'event', camera: to.camera, id: to.id, query }, { replace: true });
  };
  return { step, newer, older };
}

interface ActionsProps {
  event: StoredEvent;
  list: EventList;
  changed: () => void;
  removed: () => void;
}

function Actions({ event, list, changed, removed }: ActionsProps) {
  const identity = useIdentity();
  const [sure, askSure] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const operator = may(identity?.role, 'operator');
  const attempt = async (act: () => Promise<void>) => {
    setError(null);
    await act().catch((failed: unknown) => setError(wordsOf(failed)));
  };
  const turn = () =>
    void attempt(async () => {
      list.replace(await setFavourite(event, !event.favourite));
      changed();
    });
  const remove = () =>
    void attempt(async () => {
      await removeEvent(event);
      list.drop(event);
      removed();
    });
  const file = event.clips > 0 ? 'clip.mp4' : 'snapshot.jpg';
  return (
    <>
      <div class="event-actions">
        {operator && (
          <button type="button" aria-pressed={event.favourite} onClick={turn} data-testid="favourite">
            <Icon name="star" filled={event.favourite} />
            Favourite
          </button>
        )}
        {(event.clips > 0 || event.snapshot) && (
          <a class="button" href={fileUrl(event, file)} download={`${event.camera}-${event.id}.${file.split('.')[1]}`}>
            <Icon name="download" />
            Download
          </a>
        )}
        <a class="button" href={hrefOf({ view: 'camera', camera: event.camera })}>
          <Icon name="live" />
          Camera
        </a>
        {operator && (
          <button type="button" class="danger" disabled={event.open} onClick={() => askSure(true)} data-testid="delete">
            <Icon name="bin" />
            Delete
          </button>
        )}
      </div>
      <Trouble text={error} />
      {sure && (
        <Confirm
          title="Delete this event?"
          text="Its pictures and its clip are removed from the disk. That can’t be undone."
          action="Delete"
          act={remove}
          close={() => askSure(false)}
        />
      )}
    </>
  );
}

function Facts({ event }: { event: StoredEvent }) {
  const facts: [string, string][] = [
    ['Began', moment(event.startedAtMs, Date.now())],
    ['Lasted', lasted(event)],
    ['Camera', event.camera],
    ['Class', event.label],
    ['Score', event.score > 0 ? percent(event.score) : ''],
    ['Zones', event.zones.join(', ')],
    ['Rule', event.rule],
    ['Kind', event.kind.replaceAll('_', ' ')],
    ['On disk', event.bytes > 0 ? size(event.bytes) : ''],
  ];
  return (
    <>
      {event.text !== '' && <p class="event-text">{event.text}</p>}
      <dl class="details">
        {facts
          .filter(([, value]) => value !== '')
          .flatMap(([name, value]) => [<dt key={`${name}-name`}>{name}</dt>, <dd key={name}>{value}</dd>])}
      </dl>
    </>
  );
}
