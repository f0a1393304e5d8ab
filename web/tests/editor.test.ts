import { describe, expect, it } from 'vitest';

import { arrowOf, clamped, crossesItself, doubledArea, moved, pointsText, snapped, wayCrossesItself, type Point } from '../src/editor/geometry';
import { kUpright } from '../src/editor/orientation';
import { parsePoints } from '../src/places';
import { begin, commit, redo, undo } from '../src/editor/history';
import { nameMistake, newShape, parseShapes, replaced, rulesOf, shapeMistake, titleOf, valueOf, withLess, withMore, withPoint, type Shape } from '../src/editor/shapes';

const polygon = (text: string): Point[] => parsePoints(text)!;
const kSquare = polygon('0.2,0.2 0.6,0.2 0.6,0.6 0.2,0.6');

describe('points', () => {
  it('are read and written as the configuration has them', () => {
    expect(kSquare).toEqual([{ x: 0.2, y: 0.2 }, { x: 0.6, y: 0.2 }, { x: 0.6, y: 0.6 }, { x: 0.2, y: 0.6 }]);
    expect(pointsText(kSquare)).toBe('0.2,0.2 0.6,0.2 0.6,0.6 0.2,0.6');
  });

  it('stay in the picture, with four digits', () => {
    expect(clamped({ x: -3, y: 0.123456 })).toEqual({ x: 0, y: 0.1235 });
    expect(clamped({ x: 1.5, y: 1 })).toEqual({ x: 1, y: 1 });
  });

  it('are drawn to borders and corners that are near', () => {
    const corner = { x: 0.5, y: 0.5 };
    expect(snapped({ x: 0.505, y: 0.495 }, [corner], 1000, 1000)).toEqual(corner);
    expect(snapped({ x: 0.52, y: 0.5 }, [corner], 1000, 1000)).toEqual({ x: 0.52, y: 0.5 });
    expect(snapped({ x: 0.004, y: 0.997 }, [], 1000, 1000)).toEqual({ x: 0, y: 1 });
  });

  it('move together as far as there is room', () => {
    expect(moved(kSquare, 0.1, 0)).toEqual(polygon('0.3,0.2 0.7,0.2 0.7,0.6 0.3,0.6'));
    expect(moved(kSquare, 0.9, -0.9)).toEqual(polygon('0.6,0 1,0 1,0.4 0.6,0.4'));
  });
});

describe('polygons', () => {
  it.each([
    ['a square', '0.2,0.2 0.6,0.2 0.6,0.6 0.2,0.6', false],
    ['a bow tie', '0.2,0.2 0.6,0.6 0.6,0.2 0.2,0.6', true],
    ['a corner on another side', '0.2,0.2 0.6,0.2 0.6,0.6 0.4,0.2', true],
    ['there and back', '0.2,0.2 0.6,0.2 0.4,0.2 0.4,0.6', true],
    ['a point given twice', '0.2,0.2 0.2,0.2 0.6,0.2 0.6,0.6', false],
    ['concave', '0.2,0.2 0.6,0.2 0.4,0.3 0.6,0.6 0.2,0.6', false],
  ])('%s', (_, text, crosses) => {
    expect(crossesItself(polygon(text))).toBe(crosses);
  });

  it('have an inside or not', () => {
    expect(doubledArea(kSquare)).toBeCloseTo(0.32);
    expect(doubledArea(polygon('0.1,0.1 0.5,0.5 0.9,0.9'))).toBeCloseTo(0);
  });

  it('that are being drawn may be open, and not cross', () => {
    expect(wayCrossesItself(polygon('0.2,0.2 0.6,0.2 0.6,0.6'))).toBe(false);
    expect(wayCrossesItself(polygon('0.2,0.2 0.6,0.2 0.6,0.6 0.4,0.1'))).toBe(true);
  });
});

describe('the arrow of a line', () => {
  it('points to the right of who looks from its first point to its second', () => {
    expect(arrowOf({ x: 0, y: 50 }, { x: 100, y: 50 }, 10).to).toEqual({ x: 50, y: 60 }); // looking right: down
    expect(arrowOf({ x: 50, y: 100 }, { x: 50, y: 0 }, 10).to).toEqual({ x: 60, y: 50 }); // looking up: right
  });
});

describe('shapes', () => {
  const value = [
    { name: 'door', polygon: '0.2,0.2 0.6,0.2 0.6,0.6', objects: ['person'], motion_area: 0.05 },
    { name: 'tree', polygon: '0,0 0.3,0 0.3,0.2', motion: 'ignore' },
  ];

  it('of the settings are sent back as they were', () => {
    expect(valueOf('zone', parseShapes('zone', value, kUpright))).toEqual(value);
    const lines = [{ name: 'gate', points: '0.1,0.5 0.9,0.5' }];
    expect(valueOf('line', parseShapes('line', lines, kUpright))).toEqual(lines);
  });

  it('have rules that ask for them, or leave them out', () => {
    const rules = [{ name: 'visitor', zones: ['yard'], except: ['tree'] }, { name: 'in', line: 'gate' }, { name: 'any' }, { zones: ['yard'] }, null];
    expect(rulesOf(rules, 'zone', 'yard')).toEqual(['visitor']);
    expect(rulesOf(rules, 'zone', 'tree')).toEqual(['visitor']);
    expect(rulesOf(rules, 'zone', 'gate')).toEqual([]);
    expect(rulesOf(rules, 'line', 'gate')).toEqual(['in']);
    expect(rulesOf(rules, 'mask', 'tree')).toEqual([]);
    expect(rulesOf(undefined, 'zone', 'yard')).toEqual([]);
  });

  it('get names that are free', () => {
    const first = newShape('zone', kSquare, []);
    expect([first.name, newShape('zone', kSquare, [first]).name]).toEqual(['zone1', 'zone2']);
  });

  it('are refused with a sentence', () => {
    const zone = newShape('zone', kSquare, []);
    expect(shapeMistake(zone)).toBeNull();
    expect(shapeMistake({ ...zone, points: polygon('0.2,0.2 0.6,0.6 0.6,0.2 0.2,0.6') })).toMatch(/cross/);
    expect(shapeMistake({ ...zone, points: polygon('0.1,0.1 0.5,0.5') })).toMatch(/three corners/);
    const line = newShape('line', polygon('0.1,0.1 0.1,0.1'), []);
    expect(shapeMistake(line)).toMatch(/same point/);
  });

  it('that hide something have numbers instead of names', () => {
    const zone = newShape('zone', kSquare, []);
    const first = newShape('mask', kSquare, [{ ...zone, name: '1' }]);
    const second = newShape('mask', kSquare, [first]);
    expect([first, second].map(titleOf)).toEqual(['mask 1', 'mask 2']);
    expect(nameMistake({ ...zone, name: '1' }, [first, zone])).toBeNull();
    expect(nameMistake({ ...first, name: '' }, [first])).toBeNull();
    expect(shapeMistake({ ...first, points: polygon('0.1,0.1 0.5,0.5') })).toBe('A mask needs three corners at least.');
    expect(shapeMistake({ ...first, points: polygon('0.2,0.2 0.6,0.6 0.6,0.2 0.2,0.6') })).toMatch(/cross/);
    expect(withLess({ ...first, points: kSquare.slice(0, 3) }, 0)).toBeNull();
  });

  it('are called differently', () => {
    const zone = newShape('zone', kSquare, []);
    const line: Shape = { ...newShape('line', polygon('0.1,0.1 0.9,0.1'), []), name: zone.name };
    expect(nameMistake(line, [zone, line])).toMatch(/Another zone/);
    expect(nameMistake({ ...zone, name: '' }, [zone])).toMatch(/needs a name/);
    expect(nameMistake(zone, [zone])).toBeNull();
  });

  it('gain, lose and move corners', () => {
    const zone = newShape('zone', kSquare, []);
    expect(withMore(zone, 0, { x: 0.4, y: 0.1 })[1]).toEqual({ x: 0.4, y: 0.1 });
    expect(withLess(zone, 3)).toEqual(kSquare.slice(0, 3));
    expect(withLess({ ...zone, points: kSquare.slice(0, 3) }, 0)).toBeNull();
    expect(withPoint(zone, 2, { x: 1, y: 1 })[2]).toEqual({ x: 1, y: 1 });
    expect(replaced([zone], zone.id, { name: 'x' })[0]!.name).toBe('x');
  });
});

describe('undo and redo', () => {
  it('go step by step', () => {
    let history = commit(commit(begin('a'), 'b'), 'c');
    history = undo(history);
    expect(history.now).toBe('b');
    history = redo(history);
    expect(history.now).toBe('c');
    history = commit(undo(undo(history)), 'd');
    expect([history.now, history.future.length, undo(history).now]).toEqual(['d', 0, 'a']);
    expect(undo(begin('a')).now).toBe('a');
    expect(redo(begin('a')).now).toBe('a');
  });

  it('take nudges of one kind as one step', () => {
    let history = commit(commit(commit(begin(0), 1, 'nudge'), 2, 'nudge'), 3, 'other');
    history = undo(history);
    expect(history.now).toBe(2);
    expect(undo(history).now).toBe(0);
  });
});
