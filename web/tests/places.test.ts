import { describe, expect, it } from 'vitest';

import { parsePlaces, parsePoints } from '../src/places';

describe('zones and lines', () => {
  it('are read as the configuration has them', () => {
    const zones = { value: [{ name: 'door', polygon: '0,0 0.3,0 0.3,0.2', motion: 'ignore' }], overridden: false };
    const corners = [{ x: 0, y: 0 }, { x: 0.3, y: 0 }, { x: 0.3, y: 0.2 }]; // prettier-ignore
    expect(parsePlaces(zones, 'zone')).toEqual([{ kind: 'zone', name: 'door', points: corners }]);
    const lines = { value: [{ name: 'gate', points: '0.1,0.5  0.9,0.5' }], overridden: true };
    expect(parsePlaces(lines, 'line')).toEqual([{ kind: 'line', name: 'gate', points: [{ x: 0.1, y: 0.5 }, { x: 0.9, y: 0.5 }] }]); // prettier-ignore
  });

  it('are left out where they can not be read', () => {
    for (const wrong of [null, {}, { value: 'none' }, { value: [null, { name: 'a' }, { name: 7, polygon: '0,0 1,0 1,1' }] }]) {
      expect(parsePlaces(wrong, 'zone')).toEqual([]);
    }
    expect(parsePlaces({ value: [{ name: 'two corners', polygon: '0,0 1,1' }] }, 'zone')).toEqual([]);
    for (const text of ['', '0', '0,0,0', '0,x', ',', 5, null]) expect(parsePoints(text)).toBeNull();
  });
});
