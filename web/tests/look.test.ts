import { describe, expect, it } from 'vitest';

import { classHue, trackHue } from '../src/colors';
import { duration, percent, rate, seconds } from '../src/format';
import { fit, labelsOf, overlap } from '../src/painter';
import { latencyText, pathLine, pathReason } from '../src/video_text';

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

  it('tracks with neighbouring ids differ in colour', () => {
    for (let id = 0; id < 400; id++) {
      const apart = Math.abs(trackHue(id) - trackHue(id + 1));
      if (id % 360 !== 359) expect(Math.min(apart, 360 - apart)).toBeGreaterThan(90);
    }
  });

  it('a label has class, track and score', () => {
    const box = { x: 0, y: 0, width: 1, height: 1, score: 0.874, label: 'person', phase: 'confirmed' } as const;
    expect(labelsOf({ ...box, id: 12 })).toEqual(['person #12 87%', '#12']);
    expect(labelsOf({ ...box, id: null })).toEqual(['person 87%', '87%']);
  });

  it('the way of the pictures is told in words', () => {
    const video = { type: 'video', path: 'packets', source: 'camera', codec: 'h264', codecString: '', width: 1, height: 1 } as const;
    const why = 'the camera sends H.264';
    expect(pathLine({ path: 'webcodecs', why: '', video: { ...video, why } })).toBe("WebCodecs: H.264, the camera's own");
    expect(pathReason({ path: 'mse', why: 'WebCodecs needs https or localhost', video: { ...video, why } })).toBe(
      'WebCodecs needs https or localhost. The camera sends H.264.',
    );
    expect(pathLine(null)).toBe('no picture yet');
    expect(latencyText(84.2, 1.2)).toBe('84 ms ± 1');
    expect(latencyText(84.2, 0.2)).toBe('84 ms');
    expect(latencyText(null, null)).toBe('–');
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
