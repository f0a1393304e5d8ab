// What the address's hash shows: #/ the grid, #/camera/front, #/camera/front/edit, #/events?label=person, #/events/front/1846212334592,
// #/system. A bare #front, as older links have it, is that camera. Pure.

export type Route =
  | { view: 'grid' }
  | { view: 'camera'; camera: string }
  | { view: 'edit'; camera: string }
  | { view: 'events'; query: string } // the filter: events/filter.ts
  | { view: 'event'; camera: string; id: string; query: string }
  | { view: 'system' }
  | { view: 'nowhere'; hash: string };

export function parseRoute(hash: string): Route {
  const nowhere: Route = { view: 'nowhere', hash };
  const text = hash.replace(/^#/, '');
  if (text === '' || text === '/') return { view: 'grid' };
  const mark = text.indexOf('?');
  const query = mark < 0 ? '' : text.slice(mark + 1);
  const parts = decoded((mark < 0 ? text : text.slice(0, mark)).split('/'));
  if (parts === null) return nowhere;
  if (!text.startsWith('/')) return parts.length === 1 ? { view: 'camera', camera: parts[0]! } : nowhere;
  const [, view, camera, last, ...more] = parts.at(-1) === '' ? parts.slice(0, -1) : parts;
  if (more.length > 0) return nowhere;
  if (view === 'camera' && camera !== undefined) {
    if (last === undefined) return { view: 'camera', camera };
    return last === 'edit' ? { view: 'edit', camera } : nowhere;
  }
  if (view === 'events' && camera === undefined) return { view: 'events', query };
  if (view === 'events' && last !== undefined && /^\d{1,20}$/.test(last)) return { view: 'event', camera: camera!, id: last, query };
  return view === 'system' && camera === undefined ? { view: 'system' } : nowhere;
}

export function hrefOf(route: Route): string {
  const search = 'query' in route && route.query !== '' ? `?${route.query}` : '';
  switch (route.view) {
    case 'grid':
      return '#/';
    case 'camera':
      return `#/camera/${encodeURIComponent(route.camera)}`;
    case 'edit':
      return `#/camera/${encodeURIComponent(route.camera)}/edit`;
    case 'events':
      return `#/events${search}`;
    case 'event':
      return `#/events/${encodeURIComponent(route.camera)}/${route.id}${search}`;
    case 'system':
      return '#/system';
    case 'nowhere':
      return route.hash;
  }
}

// What the window and screen readers call it.
export function titleOf(route: Route): string {
  switch (route.view) {
    case 'grid':
      return 'Cameras';
    case 'camera':
      return route.camera;
    case 'edit':
      return `Zones and masks of ${route.camera}`;
    case 'events':
      return 'Events';
    case 'event':
      return `Event of ${route.camera}`;
    case 'system':
      return 'System';
    case 'nowhere':
      return 'Nothing here';
  }
}

function decoded(parts: string[]): string[] | null {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return null;
  }
}
