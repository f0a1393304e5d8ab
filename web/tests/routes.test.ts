import { describe, expect, it } from 'vitest';

import { hrefOf, parseRoute, titleOf, type Route } from '../src/routes';

const kRoutes: [string, Route][] = [
  ['#/', { view: 'grid' }],
  ['#/camera/front', { view: 'camera', camera: 'front' }],
  ['#/camera/front/edit', { view: 'edit', camera: 'front' }],
  ['#/events', { view: 'events', query: '' }],
  ['#/events?label=person&range=24h', { view: 'events', query: 'label=person&range=24h' }],
  ['#/events/front/1846212334592', { view: 'event', camera: 'front', id: '1846212334592', query: '' }],
  ['#/events/front/1846212334592?camera=front', { view: 'event', camera: 'front', id: '1846212334592', query: 'camera=front' }],
  ['#/system', { view: 'system' }],
];

describe('routes', () => {
  it.each(kRoutes)('%s there and back', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
    expect(hrefOf(route)).toBe(hash);
    expect(titleOf(route)).not.toBe('');
  });

  it('know what older links and careless ones mean', () => {
    expect(parseRoute('')).toEqual({ view: 'grid' });
    expect(parseRoute('#')).toEqual({ view: 'grid' });
    expect(parseRoute('#front')).toEqual({ view: 'camera', camera: 'front' });
    expect(parseRoute('#/system/')).toEqual({ view: 'system' });
    expect(parseRoute('#/camera/front/')).toEqual({ view: 'camera', camera: 'front' });
  });

  it.each(['#/nothing', '#/camera', '#/camera/a/b', '#/camera/a/edit/b', '#/events/front', '#/events/front/x1', '#/events/front/1/2', '#/system/x', '#a/b', '#/camera/%E0%A4%A'])(
    '%s leads nowhere',
    (hash) => {
      expect(parseRoute(hash)).toEqual({ view: 'nowhere', hash });
    },
  );

  it('escape what names may hold', () => {
    const route: Route = { view: 'camera', camera: 'a b/c?d#e' };
    expect(parseRoute(hrefOf(route))).toEqual(route);
  });
});
