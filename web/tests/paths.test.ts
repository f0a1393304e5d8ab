import { describe, expect, it } from 'vitest';

import type { Video } from '../src/media';
import { Paths, forcedPath, type Browser } from '../src/video/paths';
import type { PathName } from '../src/video/picture';

// A browser that plays these: 'webcodecs avc', 'mse hvc', …
function browser(...plays: string[]): Browser {
  return {
    refuses: (path, codec) => Promise.resolve(plays.includes(`${path} ${codec.slice(0, 3)}`) ? null : `${path} refuses ${codec.slice(0, 3)}`),
  };
}

const kEverything = browser('webcodecs avc', 'webcodecs hvc', 'mse avc', 'mse hvc');

function video(codec: Video['codec'], codecString = ''): Video {
  return { type: 'video', path: codec === 'mjpeg' ? 'jpeg' : 'packets', source: 'camera', codec, codecString, width: 1, height: 1, why: '' };
}

describe('the way the pictures are decoded', () => {
  it('is WebCodecs, else MSE, else JPEGs; why is said', async () => {
    expect(await new Paths(null, kEverything).choose(video('h264'))).toEqual({ path: 'webcodecs', why: '' });
    expect(await new Paths(null, browser('mse avc')).choose(video('h264'))).toEqual({ path: 'mse', why: 'webcodecs refuses avc' });
    const none = new Paths(null, browser());
    expect(await none.choose(video('h264'))).toEqual({ path: null, why: 'webcodecs refuses avc; mse refuses avc' });
    expect(await none.choose(video('mjpeg'))).toEqual({ path: 'mjpeg', why: 'webcodecs refuses avc; mse refuses avc' });
  });

  it('is JPEGs without any reason of ours where the camera sends these', async () => {
    expect(await new Paths(null, kEverything).choose(video('mjpeg'))).toEqual({ path: 'mjpeg', why: '' });
  });

  it('is asked for the very codec that comes', async () => {
    const asked: string[] = [];
    const paths = new Paths(null, { refuses: (path, codec) => (asked.push(`${path} ${codec}`), Promise.resolve(null)) });
    await paths.choose(video('h265', 'hev1.2.4.L153.B0'));
    await paths.choose(video('h265', 'hev1.2.4.L153.B0')); // once
    expect(asked).toEqual(['webcodecs hev1.2.4.L153.B0']);
  });

  it('is JPEGs for a kind of H.264 that nothing here plays, and is not asked for again', async () => {
    const refuses = (path: string, codec: string) => Promise.resolve(codec === 'avc1.7A0028' ? `${path} can't play it` : null);
    const paths = new Paths(null, { refuses });
    expect(await paths.codecs()).toContain('h264');
    expect((await paths.choose(video('h264', 'avc1.7A0028'))).path).toBeNull();
    expect(await paths.codecs()).toEqual(['h265', 'mjpeg']);
    expect(await paths.choose(video('mjpeg'))).toEqual({ path: 'mjpeg', why: "webcodecs can't play it; mse can't play it" });
  });

  it('is another one when it has failed, and the reason stays', async () => {
    const paths = new Paths(null, kEverything);
    paths.fail('webcodecs', 'WebCodecs failed: a bad slice');
    expect(await paths.choose(video('h264'))).toEqual({ path: 'mse', why: 'WebCodecs failed: a bad slice' });
    paths.fail('mse', 'MSE failed: the media buffer refuses the stream');
    expect((await paths.choose(video('h264'))).path).toBeNull();
    expect(await paths.codecs()).toEqual(['mjpeg']);
    expect((await paths.choose(video('mjpeg'))).why).toBe('WebCodecs failed: a bad slice; MSE failed: the media buffer refuses the stream');
  });

  it.each<[PathName, Video['codec'], PathName]>([
    ['mse', 'h264', 'mse'],
    ['webcodecs', 'h265', 'webcodecs'],
    ['mjpeg', 'mjpeg', 'mjpeg'],
  ])('is %s for %s if the address says so', async (forced, codec, path) => {
    const chosen = await new Paths(forced, kEverything).choose(video(codec));
    expect(chosen).toEqual({ path, why: "the page's address asks for it" });
  });

  it('that the address asks for is not replaced by another one but JPEGs', async () => {
    const paths = new Paths('webcodecs', browser('mse avc'));
    expect(await paths.codecs()).toEqual(['mjpeg']);
    expect(await paths.choose(video('mjpeg'))).toEqual({ path: 'mjpeg', why: 'webcodecs refuses avc' });
  });

  it('of the address is one of three', () => {
    expect(['webcodecs', 'mse', 'mjpeg'].map((path) => forcedPath(`?token=a&path=${path}`))).toEqual(['webcodecs', 'mse', 'mjpeg']);
    for (const search of ['', '?path=', '?path=flash', '?path=MSE']) expect(forcedPath(search)).toBeNull();
  });
});

describe('the codecs to ask for', () => {
  it('are those that any way plays, and JPEGs', async () => {
    expect(await new Paths(null, kEverything).codecs()).toEqual(['h264', 'h265', 'mjpeg']);
    expect(await new Paths(null, browser('webcodecs avc', 'mse avc')).codecs()).toEqual(['h264', 'mjpeg']);
    expect(await new Paths(null, browser('mse hvc')).codecs()).toEqual(['h265', 'mjpeg']);
    expect(await new Paths('mjpeg', kEverything).codecs()).toEqual(['mjpeg']);
    expect(await new Paths('webcodecs', browser('webcodecs avc', 'mse hvc')).codecs()).toEqual(['h264', 'mjpeg']);
  });
});
