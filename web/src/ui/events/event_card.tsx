// One event in the list: its picture, what it is, when and where.

import { fileUrl, keyOf, nameOf, type StoredEvent } from '../../events';
import { duration, length, timeOfDay } from '../../format';
import { Icon } from '../icons';

interface Props {
  event: StoredEvent;
  href: string;
  chosen: boolean;
}

export function EventCard({ event, href, chosen }: Props) {
  return (
    <li>
      <a class="event-card" href={href} data-event={keyOf(event)} {...(chosen ? { 'aria-current': 'true' as const } : {})}>
        <Thumbnail event={event} />
        <span class="event-name">{nameOf(event)}</span>
        <span class="event-about">
          <time dateTime={new Date(event.startedAtMs).toISOString()}>{timeOfDay(event.startedAtMs)}</time>
          <span>{event.camera}</span>
          {event.rule !== '' && <span>{event.rule}</span>}
        </span>
        {event.favourite && (
          <span class="event-star" role="img" aria-label="Favourite">
            <Icon name="star" filled />
          </span>
        )}
      </a>
    </li>
  );
}

function Thumbnail({ event }: { event: StoredEvent }) {
  return (
    <span class="event-picture">
      {event.snapshot ? <img src={fileUrl(event, 'crop.jpg')} alt="" loading="lazy" decoding="async" /> : <Icon name="events" />}
      {event.open ? (
        <span class="event-length" data-open="true">
          goes on
        </span>
      ) : (
        event.clips > 0 && (
          <span class="event-length">
            <span class="visually-hidden">Clip of </span>
            {length(event.clipMs)}
          </span>
        )
      )}
    </span>
  );
}

// How long it lasted, in words.
export function lasted(event: StoredEvent): string {
  if (event.open) return 'goes on';
  return event.endedAtMs === null ? '' : duration(Math.max(0, event.endedAtMs - event.startedAtMs));
}
