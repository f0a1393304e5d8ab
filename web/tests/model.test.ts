import { describe, expect, it } from 'vitest';

import { precision } from '../src/model';
import { parseModel } from '../src/protocol';

const kFresh = {
  file: 'm.onnx',
  bytes: 5,
  card: 'fresh',
  problem: null,
  family: 'nanodet',
  accuracy: { dataset: 'coco_val32', photos: 32, ap: 0.2411, ap50: 0.4, ap75: 0.25, person_ap: null },
  latency: { median_ms: 8.25, p90_ms: 9, machine: 'a machine', provider: 'cpu', threads: 2 },
  made: 'static INT8',
};

describe('the model', () => {
  it('is read with what its card says', () => {
    expect(parseModel({ model: kFresh })).toEqual({
      file: 'm.onnx',
      card: 'fresh',
      problem: '',
      family: 'nanodet',
      made: 'static INT8',
      accuracy: { dataset: 'coco_val32', photos: 32, ap: 0.2411, personAp: null },
      latency: { medianMs: 8.25, machine: 'a machine', provider: 'cpu' },
    });
  });

  it('without a card is a file only', () => {
    const model = parseModel({ model: { file: 'm.onnx', bytes: 5, card: 'none', problem: null } });
    expect(model).toMatchObject({ file: 'm.onnx', card: 'none', accuracy: null, latency: null });
  });

  it('is null where nobody detects, and nothing where the answer is unreadable', () => {
    expect(parseModel({ model: null })).toBeNull();
    for (const wrong of [null, [], {}, { model: 5 }, { model: {} }, { model: { ...kFresh, card: 'golden' } }, { model: { ...kFresh, file: 1 } }]) {
      expect(parseModel(wrong)).toBeUndefined();
    }
    expect(parseModel({ model: { ...kFresh, accuracy: { ap: '0.3' }, latency: 7 } })).toMatchObject({ accuracy: null, latency: null });
  });

  it('says in words how well it does', () => {
    const say = (fields: object) => precision(parseModel({ model: { ...kFresh, ...fields } })!);
    expect(say({})).toBe('AP 0.241 on coco_val32 (32 photos)');
    expect(say({ accuracy: null })).toBe('Its card says no average precision.');
    expect(say({ card: 'none' })).toBe('No card: average precision unknown.');
    expect(say({ card: 'stale' })).toBe('Its card is about another file: average precision unknown.');
    expect(say({ card: 'unreadable', problem: 'no JSON' })).toBe('no JSON');
    expect(say({ card: 'checking' })).toBe('Looking at its card…');
  });
});
