// The live picture in a real Chromium, by each way that it is decoded: the frame that the page says it shows is the one in the
// pixels, and the box drawn on it is where that frame's bar is.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { openBrowser, watchFaults } from '../browser.mjs';
import { kBuild, until } from '../system.mjs';
import { offBy, see, watch } from './eyes.mjs';
import { film, Rig } from './rig.mjs';

const kViewport = { width: 1000, height: 620 };
const kWidth = 640; // of every camera here
const kClose = 3; // pixels that a box may be off: its line is 2 wide. From frame to frame the bar moves by some 7

let rig;

const id = (name) => `[data-testid="${name}"]`;

before(async () => {
  rig = await Rig.start({
    mjpeg: { url: 'synthetic:?size=640x360&fps=30&format=mjpeg' },
    raw: { url: 'synthetic:?size=640x360&fps=30&format=nv12' },
    h264: { url: (folder) => film(join(folder, 'plain.mkv')) },
    reordered: { url: (folder) => film(join(folder, 'reordered.mkv'), { b: 2 }) },
    slow: { url: 'synthetic:?size=640x360&fps=30&format=mjpeg', every: 5 },
  });
});

after(async () => {
  assert.deepEqual(await rig?.stop(), {}, rig?.tail());
});

// A page of its own for one camera; `act` gets it when it is live.
async function visit(camera, act, { system = rig, address = system.address, query = '', prepare = () => undefined, flags = [] } = {}) {
  const browser = await openBrowser({ viewport: kViewport, flags });
  const { page } = browser;
  const faults = await watchFaults(page, address);
  const data = (name, key) => page.locator(id(name)).getAttribute(`data-${key}`);
  const eventually = (what, condition) =>
    until(`${camera}: ${what}`, condition, async () => `${JSON.stringify(await see(page).catch(() => null))} ${system.tail()}`);
  try {
    await prepare(page);
    await page.addInitScript(() => (localStorage['vedette-viewing'] ??= '{"matching":"exact"}'));
    await page.goto(`${address}/${query}#/camera/${camera}`);
    await eventually('a picture', async () => (await see(page)).frameId !== undefined);
    await act({ page, faults, data, eventually });
    assert.deepEqual(faults.list, []);
  } finally {
    await browser.close();
  }
}

const text = (page, name) => page.locator(id(name)).textContent();

// Pictures as they are drawn, until enough of them fit; those that do.
async function gather(page, what, enough, fits) {
  const found = [];
  await until(what, async () => found.push(...(await watch(page, 20)).filter(fits)) >= enough, () => `${found.length} so far. ${rig.tail()}`);
  return found;
}

const hasBox = ({ boxes, stamp, edges }) => boxes === 'exact' && stamp !== null && edges !== null;

// Every picture with a box: the box is that of the frame in the pixels. Every other one has none.
async function checkExact(page) {
  const all = [];
  await gather(page, 'pictures with their own boxes', 30, (seen) => (all.push(seen), hasBox(seen)));
  for (const seen of all) {
    assert.ok(['exact', 'none'].includes(seen.boxes), JSON.stringify(seen));
    assert.ok(seen.stamp !== null, `no stamp in ${JSON.stringify(seen)}`);
    if (seen.boxes === 'exact') assert.equal(seen.boxFrameId, seen.frameId);
    if (hasBox(seen)) assert.ok(offBy(seen, kWidth) <= kClose, `off by ${offBy(seen, kWidth)} px: ${JSON.stringify(seen)}`);
  }
  return all.filter(hasBox);
}

// Number in the pixels and frame id go together: within one run of a film they differ by the same, or (with B-frames, whose ids are
// microseconds) grow alike.
function checkIds(list, perFrame) {
  for (let i = 1; i < list.length; i++) {
    const frames = list[i].stamp.number - list[i - 1].stamp.number;
    const ids = Number(list[i].frameId) - Number(list[i - 1].frameId);
    if (frames > 0) assert.ok(Math.abs(ids - frames * perFrame) <= 0.2 * perFrame, `${frames} frames, ${ids} ids`);
  }
}

// What is told of a synthetic camera's picture is written in its pixels: when it was taken.
function checkTimes(list) {
  for (const { capturedAtMs, stamp } of list) assert.ok(Math.abs(Number(capturedAtMs) - stamp.atNs / 1e6) < 0.01, `${capturedAtMs} ${stamp.atNs}`);
}

async function checkPath({ data, eventually }, path, codec) {
  await eventually(`it is ${path}`, async () => (await data('video-path', 'path')) === path);
  assert.equal(await data('video-path', 'codec'), codec);
}

test('MJPEG of the camera: its own pictures, boxes on their frames', () =>
  visit('mjpeg', async (visitor) => {
    await checkPath(visitor, 'mjpeg', 'mjpeg');
    checkTimes(await checkExact(visitor.page));
    assert.match(await text(visitor.page, 'video-path'), /camera's own/);
  }));

for (const [path, why] of [['webcodecs', /asks for it/], ['mse', /asks for it/]]) {
  test(`${path}, forced: H.264, boxes on their frames`, () =>
    visit(
      'h264',
      async (visitor) => {
        await checkPath(visitor, path, 'h264');
        checkIds(await checkExact(visitor.page), 1);
        assert.match(await text(visitor.page, 'video-reason'), why);
      },
      { query: `?path=${path}` },
    ));

  test(`${path}, forced: H.264 with B-frames, boxes on their frames`, () =>
    visit(
      'reordered',
      async (visitor) => {
        await checkPath(visitor, path, 'h264');
        checkIds(await checkExact(visitor.page), 1e6 / 30);
      },
      { query: `?path=${path}` },
    ));
}

test('MJPEG, forced on a camera that sends H.264: JPEGs of its pixels, boxes on their frames', () =>
  visit(
    'h264',
    async (visitor) => {
      await checkPath(visitor, 'mjpeg', 'mjpeg');
      checkIds(await checkExact(visitor.page), 1);
      assert.match(await text(visitor.page, 'video-reason'), /asks for it/);
    },
    { query: '?path=mjpeg' },
  ));

for (const path of ['webcodecs', 'mse']) {
  for (const camera of ['h264', 'reordered']) {
    test(`${path}: a film that begins anew goes on, ${camera}`, () =>
      visit(
        camera,
        async (visitor) => {
          const { page, eventually } = visitor;
          await checkPath(visitor, path, 'h264');
          let last = -1;
          await eventually('the film begins anew', async () => {
            const { stamp } = await see(page);
            const again = stamp !== null && stamp.number < last;
            last = stamp?.number ?? last;
            return again;
          });
          await checkExact(page);
          await checkPath(visitor, path, 'h264');
        },
        { query: path === 'mse' ? '?path=mse' : '' }, // WebCodecs is the first choice
      ));
  }
}

test('a decoder that fails is replaced by the next way, and the reason is shown', () =>
  visit(
    'h264',
    async (visitor) => {
      const { page, eventually } = visitor;
      await checkPath(visitor, 'webcodecs', 'h264');
      await page.evaluate(() => window.spoil());
      await checkPath(visitor, 'mse', 'h264');
      assert.match(await text(page, 'video-reason'), /WebCodecs failed: spoilt by the test/);
      await checkExact(page);
      await eventually('it is said on the picture too', async () => /spoilt/.test((await page.locator('.live').getAttribute('title')) ?? ''));
    },
    {
      prepare: (page) =>
        page.addInitScript(() => {
          const Decoder = window.VideoDecoder;
          window.VideoDecoder = class extends Decoder {
            constructor(init) {
              super(init);
              window.spoil = () => init.error(new DOMException('spoilt by the test', 'EncodingError'));
            }
          };
        }),
    },
  ));

test('without WebCodecs it is MSE, without both JPEGs; the page says why', async () => {
  const without = (...names) => ({ prepare: (page) => page.addInitScript((list) => list.forEach((name) => delete window[name]), names) });
  await visit('h264', async (visitor) => {
    await checkPath(visitor, 'mse', 'h264');
    assert.match(await text(visitor.page, 'video-reason'), /no WebCodecs/);
  }, without('VideoDecoder'));
  await visit('h264', async (visitor) => {
    await checkPath(visitor, 'mjpeg', 'mjpeg');
    assert.match(await text(visitor.page, 'video-reason'), /no WebCodecs.*no MediaSource/i);
    await checkExact(visitor.page);
  }, without('VideoDecoder', 'MediaSource', 'ManagedMediaSource'));
}); // prettier-ignore

test('in plain http elsewhere than on localhost it is MSE, and the page says why', async () => {
  const token = 'e2e-live-token-0123456789abcdef';
  const elsewhere = await Rig.start({ h264: { url: (folder) => film(join(folder, 'plain.mkv'), { b: 2 }) } }, { gateway: [`token: ${token}`] });
  try {
    const look = async (visitor) => {
      assert.equal(await visitor.page.evaluate(() => isSecureContext), false);
      await checkPath(visitor, 'mse', 'h264');
      assert.match(await text(visitor.page, 'video-reason'), /WebCodecs needs https or localhost/);
      await checkExact(visitor.page);
    };
    const address = elsewhere.address.replace('127.0.0.1', 'elsewhere.test');
    const flags = ['--host-resolver-rules=MAP elsewhere.test 127.0.0.1'];
    await visit('h264', look, { system: elsewhere, address, query: `?token=${token}`, flags });
  } finally {
    assert.deepEqual(await elsewhere.stop(), {}, elsewhere.tail());
  }
});

test('a raw camera is seen too, boxes on their frames', () =>
  visit('raw', async ({ page }) => {
    checkTimes(await checkExact(page));
  }));

test('instant: the newest picture at once, boxes moved to where the objects are by now', () =>
  visit('slow', async ({ page, data, eventually }) => {
    const none = await gather(page, 'pictures without boxes while exact', 10, ({ boxes }) => boxes === 'none');
    assert.ok(none.every(({ ids }) => ids.length === 0));
    await page.keyboard.press('i');
    await eventually('it is instant', async () => (await data('matching', 'matching')) === 'instant');
    // Long enough after the bar began anew on the left, so that its speed is known.
    const settled = ({ boxes, stamp, edges }) => boxes === 'moved' && stamp !== null && edges !== null && stamp.number % 90 > 45;
    const moved = await gather(page, 'moved boxes', 40, settled);
    const off = moved.map((seen) => offBy(seen, kWidth)).sort((a, b) => a - b);
    console.log(`${moved.length} moved boxes: off by ${off[off.length >> 1].toFixed(1)} px in the middle, ${off.at(-1).toFixed(1)} at most`);
    // The detector looks at every fifth frame: a box that isn't moved is off by two frames in the middle, some 14 pixels.
    assert.ok(off[off.length >> 1] <= 5, `off by ${off[off.length >> 1]} px`);
    await page.reload();
    await eventually('the choice is kept', async () => (await data('matching', 'matching')) === 'instant');
    await page.keyboard.press('b');
    await eventually('boxes are hidden', async () => (await see(page)).boxCount === '0');
  }));

test("the page knows the gateway's clock, and how old what it shows is", () =>
  visit('mjpeg', async ({ page, eventually }) => {
    await eventually('a latency', async () => parseFloat(await text(page, 'latency-screen')) > 0);
    // The stamp's clock is this machine's: what was seen was drawn before now and after it was taken.
    const { stamp } = await see(page);
    const shown = parseFloat(await text(page, 'latency-screen'));
    const age = Number(process.hrtime.bigint()) / 1e6 - stamp.atNs / 1e6;
    console.log(`capture to screen: ${shown} ms by the page; ${age.toFixed(0)} ms when it was looked at`);
    assert.ok(age > 0 && shown > 0);
  }));

test('nobody looks: nothing is decoded; then it is up to date at once', () =>
  visit('h264', async ({ page, eventually }) => {
    const hide = (hidden) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await hide(true);
    const at = (await see(page)).frameId;
    await page.waitForTimeout(700);
    const { frameId } = await see(page);
    assert.ok(Number(frameId) - Number(at) <= 15, `${frameId} after ${at}`); // what was in the decoder already
    await hide(false);
    await eventually('pictures come', async () => Number((await see(page)).frameId) > Number(frameId) + 15);
    await checkExact(page);
  }));

test('a killed gateway comes back and every way goes on by itself', async () => {
  for (const [camera, query] of [['mjpeg', ''], ['h264', '?path=webcodecs'], ['h264', '?path=mse']]) {
    await visit(
      camera,
      async ({ page, faults, data, eventually }) => {
        faults.expectLoss = true;
        await rig.kill('gateway');
        await eventually('the loss is shown', async () => (await data('connection', 'state')) !== 'live');
        await rig.startGateway();
        await eventually('it is live', async () => (await data('connection', 'state')) === 'live');
        await checkExact(page);
      },
      { query },
    );
  }
});

test('the page is small, and asks for little before the first picture', async () => {
  const folder = join(kBuild, 'web');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, entry) => sum + gzipSync(readFileSync(join(entry.parentPath ?? entry.path, entry.name))).length, 0);
  console.log(`${files.length} files, ${(bytes / 1000).toFixed(1)} kB gzipped`);
  assert.ok(bytes <= 150_000, `${bytes} bytes gzipped`);
  const asked = [];
  let first = 0;
  const prepare = (page) => {
    page.on('request', (request) => asked.push(request.url()));
    page.on('websocket', (socket) => asked.push(socket.url()));
    return page.exposeFunction('firstPicture', () => (first ||= asked.length)).then(() =>
      page.addInitScript(() => {
        const observer = new MutationObserver(() => {
          if (document.querySelector('canvas[data-frame-id]') === null) return;
          observer.disconnect();
          void window.firstPicture();
        });
        observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-frame-id'] });
      }),
    );
  };
  await visit('mjpeg', ({ eventually }) => eventually('the first picture', async () => first > 0), { prepare });
  console.log(`${first} requests up to the first picture: ${asked.slice(0, first).map((url) => url.replace(/^\w+:\/\/[^/]*/, '')).join(' ')}`);
  assert.ok(first <= 6, asked.slice(0, first).join('\n'));
});
