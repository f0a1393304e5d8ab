// What of the events is listed. Every change is at once in the address, so that it can be kept and shared.

import type { JSX } from 'preact';

import { kRanges, type EventFilter, type Range } from '../../event_filter';
import type { StoredEvent } from '../../events';

interface Props {
  filter: EventFilter;
  cameras: readonly string[];
  events: readonly StoredEvent[]; // whose classes and zones are offered
  change: (filter: EventFilter) => void;
}

export function Filters({ filter, cameras, events, change }: Props) {
  const set = (key: keyof EventFilter) => (event: JSX.TargetedEvent<HTMLInputElement | HTMLSelectElement>) =>
    change({ ...filter, [key]: event.currentTarget.value.trim() });
  return (
    <form class="filters" role="search" aria-label="Filter events" onSubmit={(event) => event.preventDefault()}>
      <label class="field">
        Camera
        <select value={filter.camera} onChange={set('camera')} data-testid="filter-camera">
          <option value="">All</option>
          {cameras.map((camera) => (
            <option key={camera}>{camera}</option>
          ))}
        </select>
      </label>
      <Named name="Class" testid="filter-label" value={filter.label} known={events.map((event) => event.label)} change={set('label')} />
      <Named name="Zone" testid="filter-zone" value={filter.zone} known={events.flatMap((event) => event.zones)} change={set('zone')} />
      <label class="field">
        Time
        <select
          value={filter.range}
          onChange={(event) => change({ ...filter, range: event.currentTarget.value as Range })}
          data-testid="filter-range"
        >
          {kRanges.map(({ value, text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {filter.range === 'own' && (
        <>
          <label class="field">
            From
            <input type="datetime-local" value={filter.since} onChange={set('since')} />
          </label>
          <label class="field">
            To
            <input type="datetime-local" value={filter.until} onChange={set('until')} />
          </label>
        </>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={filter.favourites}
          onChange={(event) => change({ ...filter, favourites: event.currentTarget.checked })}
          data-testid="filter-favourites"
        />
        Favourites
      </label>
    </form>
  );
}

interface NamedProps {
  name: string;
  testid: string;
  value: string;
  known: readonly string[];
  change: (event: JSX.TargetedEvent<HTMLInputElement>) => void;
}

// Any name may be typed; those that the list has are offered.
function Named({ name, testid, value, known, change }: NamedProps) {
  const names = [...new Set(known)].filter((text) => text !== '').sort();
  return (
    <label class="field">
      {name}
      <input
        type="search"
        list={`${testid}-names`}
        value={value}
        placeholder="Any"
        autocomplete="off"
        spellcheck={false}
        onChange={change}
        data-testid={testid}
      />
      <datalist id={`${testid}-names`}>
        {names.map((text) => (
          <option key={text} value={text} />
        ))}
      </datalist>
    </label>
  );
}
