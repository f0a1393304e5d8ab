import { describe, expect, it } from 'vitest';

import { kUpright, parseOrientation, toGiven, toShown, type Orientation } from '../src/editor/orientation';
import { newShape, parseShapes, valueOf } from '../src/editor/shapes';

const kAll = ([0, 90, 180, 270] as const).flatMap((rotate) =>
  (['none', 'horizontal', 'vertical', 'both'] as const).map((flip): Orientation => ({ rotate, flip })),
);

// What flip and rotate mean, done to the pixels of a picture: rows, each from left to right.
type Picture = readonly (readonly string[])[];
const mirrored = (picture: Picture): Picture => picture.map((row) => [...row].reverse());
const upsideDown = (picture: Picture): Picture => [...picture].reverse();
const clockwise = (picture: Picture): Picture => picture[0]!.map((_, x) => picture.map((row) => row[x]!).reverse());

function oriented(picture: Picture, { rotate, flip }: Orientation): Picture {
  let result = picture;
  if (flip === 'horizontal' || flip === 'both') result = mirrored(result);
  if (flip === 'vertical' || flip === 'both') result = upsideDown(result);
  for (let angle = 0; angle < rotate; angle += 90) result = clockwise(result);
  return result;
}

const kPixels: Picture = [
  ['a', 'b', 'c'],
  ['d', 'e', 'f'],
];

function pixelAt(picture: Picture, { x, y }: { x: number; y: number }): string {
  return picture[Math.floor(y * picture.length)]![Math.floor(x * picture[0]!.length)]!;
}

describe.each(kAll)('a picture that is turned by $rotate and flipped: $flip', (orientation) => {
  const shown = oriented(kPixels, orientation);

  it('has each of its pixels where a mask of that pixel goes', () => {
    kPixels.forEach((row, y) =>
      row.forEach((pixel, x) => expect(pixelAt(shown, toShown({ x: (x + 0.5) / 3, y: (y + 0.5) / 2 }, orientation))).toBe(pixel)),
    );
  });

  it('tells of each of its pixels which of the camera’s it is', () => {
    shown.forEach((row, y) =>
      row.forEach((pixel, x) => {
        const given = toGiven({ x: (x + 0.5) / row.length, y: (y + 0.5) / shown.length }, orientation);
        expect(pixelAt(kPixels, given)).toBe(pixel);
      }),
    );
  });

  it('leaves masks as the settings have them, digit by digit', () => {
    const value = ['0.1,0.2 0.3,0.2 0.3,0.7', '0,0 1,0 1,0.333333 0.123457,1'];
    expect(valueOf('mask', parseShapes('mask', value, orientation), orientation)).toEqual(value);
  });

  it('keeps what was drawn on it, there and back', () => {
    const drawn = newShape('mask', [{ x: 0.1001, y: 0.2 }, { x: 0.7, y: 0.2003 }, { x: 0.65, y: 0.9999 }], []); // prettier-ignore
    const back = parseShapes('mask', valueOf('mask', [drawn], orientation), orientation);
    expect(back.map(({ points }) => points)).toEqual([drawn.points]);
  });
});

it('is what the gateway says, or unknown', () => {
  expect(parseOrientation({ name: 'front', rotate: 270, flip: 'both' })).toEqual({ rotate: 270, flip: 'both' });
  for (const answer of [null, {}, { rotate: 90 }, { rotate: 45, flip: 'none' }, { rotate: 0, flip: 'sideways' }, { rotate: '90', flip: 'none' }])
    expect(parseOrientation(answer)).toBeNull();
});

it('what can’t be read of masks is left out', () => {
  expect(parseShapes('mask', ['0,0 1,0 1,1', 7, null], kUpright).length).toBe(1);
  expect(parseShapes('mask', 'none', kUpright)).toEqual([]);
});
