import { describe, expect, it } from 'vitest';

import { classHue } from '../src/colors';
import { duration, percent, rate, seconds } from '../src/format';
import { fit, overlap } from '../src/painter';

describe('how it looks', () => {
  it('durations have the unit people use', () => {
    const texts = [0, 999, 1000, 2345, 9949, 9950, 65_000, 200_000, 7_200_000].map(duration);
    expect(texts).toEqual(['0 ms', '999 ms', '1.0 s', '2.3 s', '9.9 s', '10 s', '65 s', '3 min', '2 h']);
    expect(duration(null)).toBe('–');
    expect(seconds(2999)).toBe('2 s');
  });

  it('rates and scores are short', () => {
    expect([0, 2.96, 9.96, 29.97].map(rate)).toEqual(['0.0', '3.0', '10', '30']);
    expect(percent(0.874)).toBe('87%');
  });

  it('neighbouring classes differ in colour, and one class keeps its own', () => {
    const classes = ['person', 'bicycle', 'car', 'motorcycle'];
    const hues = classes.map((name) => classHue(name, classes));
    for (let i = 1; i < hues.length; i++) {
      const apart = Math.abs(hues[i]! - hues[i - 1]!);
      expect(Math.min(apart, 360 - apart)).toBeGreaterThan(90);
    }
    expect(classHue('unlisted', classes)).toBe(classHue('unlisted', []));
  });

  it('labels that only touch do not overlap', () => {
    const label = { left: 10, top: 10, width: 20, height: 5 };
    expect(overlap(label, { ...label, left: 29 })).toBe(true);
    expect(overlap(label, { ...label, left: 30 })).toBe(false);
    expect(overlap(label, { ...label, top: 14 })).toBe(true);
    expect(overlap(label, { ...label, top: 15 })).toBe(false);
  });

  it('a picture keeps its shape', () => {
    expect(fit(768, 576, 768, 576)).toEqual({ left: 0, top: 0, width: 768, height: 576 });
    expect(fit(400, 300, 1000, 300)).toEqual({ left: 300, top: 0, width: 400, height: 300 });
    expect(fit(400, 300, 400, 600)).toEqual({ left: 0, top: 150, width: 400, height: 300 });
  });
});
