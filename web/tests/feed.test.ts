import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Packet, Picture, Video } from '../src/media';
import { VideoFeed, type Running } from '../src/video/feed';
import { Paths } from '../src/video/paths';
import type { PathName, PictureSink, VideoPlayer } from '../src/video/picture';

// A player that only says what it was given.
class FakePlayer implements VideoPlayer {
  given: number[] = [];
  closed = false;
  constructor(
    readonly path: PathName,
    readonly sink: PictureSink,
  ) {}
  add({ frameId }: Packet | Picture): void {
    this.given.push(frameId);
  }
  close(): void {
    this.closed = true;
  }
  shows(frameId: number, drop = () => undefined as void): void {
    this.sink.picture({ frameId, capturedAtMs: 0, receivedAt: 0, image: () => Promise.resolve(null), drop });
  }
}

const kVideo: Video = { type: 'video', path: 'packets', source: 'camera', codec: 'h264', codecString: '', width: 1, height: 1, why: '' };

function packet(frameId: number, key = false, bytes = 1): Packet {
  const data = new Uint8Array(bytes);
  return { type: 'packet', frameId, capturedAtMs: 0, ptsUs: frameId, key, stream: 1, codec: 'h264', width: 1, height: 1, data };
}

function jpeg(frameId: number): Picture {
  return { type: 'frame', frameId, capturedAtMs: 0, ageMs: null, width: 1, height: 1, jpeg: new Uint8Array(1) };
}

let page: { hidden: boolean };
let players: FakePlayer[];
let shown: number[];
let changes: Running[];
let reconnects: number;
let paths: Paths;
let feed: VideoFeed;
const newest = () => players.at(-1)!;
const settled = () => new Promise((done) => setTimeout(done, 0)); // the choice is made

beforeEach(() => {
  page = { hidden: false };
  vi.stubGlobal('document', page);
  [players, shown, changes, reconnects] = [[], [], [], 0];
  paths = new Paths(null, { refuses: () => Promise.resolve(null) });
  const create = (path: PathName, sink: PictureSink) => {
    const player = new FakePlayer(path, sink);
    players.push(player);
    return player;
  };
  feed = new VideoFeed(paths, create, {
    picture: ({ frameId }) => shown.push(frameId),
    playerChanged: (running) => changes.push(running),
    reconnect: () => reconnects++,
  });
});
afterEach(() => void vi.unstubAllGlobals());

const add = (...messages: (Packet | Picture)[]) => messages.forEach((message) => feed.add(message, 0));

describe('the feed', () => {
  it('keeps what comes before the way is chosen', async () => {
    feed.announce(kVideo);
    add(packet(1, true), packet(2));
    expect(players).toHaveLength(0);
    await settled();
    expect(newest()).toMatchObject({ path: 'webcodecs', given: [1, 2] });
    add(packet(3));
    expect(newest().given).toEqual([1, 2, 3]);
    newest().shows(1);
    expect(shown).toEqual([1]);
    expect(changes).toEqual([{ path: 'webcodecs', why: '', video: kVideo }]);
  });

  it('goes on another way from the last keyframe on when one fails', async () => {
    feed.announce(kVideo);
    await settled();
    add(packet(1, true), packet(2), packet(3, true), packet(4));
    const first = newest();
    first.sink.failed('WebCodecs failed: a bad slice');
    add(packet(5));
    await settled();
    expect(first.closed).toBe(true);
    expect(newest()).toMatchObject({ path: 'mse', given: [3, 4, 5] });
    expect(feed.running).toMatchObject({ path: 'mse', why: 'WebCodecs failed: a bad slice' });
    const drop = vi.fn();
    first.shows(4, drop); // one that was under way still
    expect(drop).toHaveBeenCalled();
    expect(shown).toEqual([]);
    newest().sink.failed('MSE failed: no');
    await settled();
    expect(reconnects).toBe(1);
  });

  it('shows JPEGs without being told anything', () => {
    add(jpeg(1), jpeg(2));
    expect(newest()).toMatchObject({ path: 'mjpeg', given: [1, 2] });
  });

  it('plays a stream that nobody has announced', async () => {
    add(packet(1, true));
    await settled();
    expect(newest()).toMatchObject({ path: 'webcodecs', given: [1] });
  });

  it('changes with what the gateway sends', async () => {
    feed.announce(kVideo);
    add(packet(1, true));
    await settled();
    feed.announce({ ...kVideo, path: 'jpeg', codec: 'mjpeg', source: 'pixels' });
    await settled();
    add(jpeg(2));
    expect(newest()).toMatchObject({ path: 'mjpeg', given: [2] });
    expect(players[0]!.closed).toBe(true);
    feed.announce(kVideo);
    add(packet(3, true));
    await settled();
    expect(newest()).toMatchObject({ path: 'webcodecs', given: [3] });
  });

  it('goes on with the same player when only the reason changes', async () => {
    feed.announce(kVideo);
    await settled();
    add(packet(1, true));
    feed.announce({ ...kVideo, why: 'the camera was opened anew' });
    add(packet(2, true), packet(3)); // while that is looked at
    await settled();
    add(packet(4));
    expect(players).toHaveLength(1);
    expect(newest().given).toEqual([1, 2, 3, 4]);
    expect(feed.running!.video!.why).toBe('the camera was opened anew');
  });

  it('decodes nothing while nobody looks, and is up to date at once afterwards', async () => {
    feed.announce(kVideo);
    await settled();
    add(packet(1, true));
    page.hidden = true;
    add(packet(2), packet(3, true), packet(4));
    expect(newest().given).toEqual([1]);
    page.hidden = false;
    feed.resume();
    expect(newest().given).toEqual([1, 3, 4]);
    add(packet(5));
    page.hidden = true;
    add(packet(6));
    page.hidden = false;
    add(packet(7));
    expect(newest().given).toEqual([1, 3, 4, 5, 6, 7]);
    expect(players).toHaveLength(1);
  });

  it('keeps no more than a keyframe interval, and that only up to a bound', async () => {
    add(packet(1)); // refers to what nobody has
    feed.announce(kVideo);
    add(packet(2, true, 20 * 2 ** 20), packet(3, false, 5 * 2 ** 20), packet(4));
    await settled();
    expect(newest().given).toEqual([]);
    add(packet(5, true));
    expect(newest().given).toEqual([5]);
  });

  it('forgets everything with the connection', async () => {
    feed.announce(kVideo);
    add(packet(1, true));
    feed.restart(); // while the way is being chosen
    await settled();
    expect(players).toHaveLength(0);
    feed.announce(kVideo);
    await settled();
    expect(newest().given).toEqual([]);
  });
});
