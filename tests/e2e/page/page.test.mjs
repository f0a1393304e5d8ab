// The page in a real Chromium on the real system: capture, detect, control, gateway under `vedette up`, a real clip and model.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openBrowser, watchFaults } from '../browser.mjs';
import { System, freePort, kBuild, until } from '../system.mjs';

let system;
let browser;
let page;
let faults;

const id = (name) => `[data-testid="${name}"]`;
const data = (name, key) => page.locator(id(name)).getAttribute(`data-${key}`);
const seen = () => page.locator(id('picture')).evaluate((canvas) => ({ ...canvas.dataset }));
const eventually = (what, condition) => until(what, condition, async () => `${JSON.stringify(await seen())} ${system.tail()}`);
const live = () => eventually('the page is live', async () => (await data('connection', 'state')) === 'live');
const stageIs = (stage, status) =>
  eventually(`${stage} is ${status}`, async () => (await data(`stage-${stage}`, 'status')) === status);

// Three more frames are shown, whatever came before.
async function picturesCome() {
  const frames = new Set([(await seen()).frameId]);
  await eventually('pictures come', async () => frames.add((await seen()).frameId).size > 3);
}

// The canvas as 64 x 48 grey values.
function thumbnail() {
  return page.locator(id('picture')).evaluate((canvas) => {
    const small = new OffscreenCanvas(64, 48).getContext('2d');
    small.drawImage(canvas, 0, 0, 64, 48);
    const { data: rgba } = small.getImageData(0, 0, 64, 48);
    return Array.from({ length: 64 * 48 }, (_, i) => (rgba[4 * i] + rgba[4 * i + 1] + rgba[4 * i + 2]) / 3);
  });
}

// The tracks whose boxes are drawn now (or `ids`), and how many pixels of the canvas have about the colour of one of them.
function boxPixels(ids = null) {
  return page.locator(id('picture')).evaluate((canvas, asked) => {
    const drawn = asked ?? (canvas.dataset.trackIds ?? '').split(' ');
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    const colors = drawn.filter((track) => /^\d+$/.test(track)).map((track) => {
      const hue = Math.round((158 + (Number(track) % 360) * 137.508) % 360); // web/src/colors.ts
      context.fillStyle = `hsl(${hue} 85% ${hue > 215 && hue < 310 ? 75 : 62}%)`;
      context.fillRect(0, 0, 1, 1);
      return context.getImageData(0, 0, 1, 1).data;
    });
    const { data: rgba } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < rgba.length; i += 4) {
      const near = ([r, g, b]) => Math.abs(rgba[i] - r) + Math.abs(rgba[i + 1] - g) + Math.abs(rgba[i + 2] - b) < 24;
      count += colors.some(near) ? 1 : 0;
    }
    return { ids: drawn, count };
  }, ids);
}

before(async () => {
  system = await System.start();
  await system.ready();
  browser = await openBrowser({ viewport: { width: 1280, height: 800 } });
  page = browser.page;
  faults = await watchFaults(page, system.address);
});

after(async () => {
  await browser?.close();
  const ended = await system?.stop();
  assert.deepEqual(ended, { code: 0, signal: null }, system?.tail());
});

test('the page loads and is live', async () => {
  const answer = await page.goto(`${system.address}/`);
  assert.equal(answer.status(), 200);
  assert.match(answer.headers()['content-security-policy'] ?? '', /default-src 'self'/);
  await live();
  for (const stage of ['capture', 'detect', 'control']) await stageIs(stage, 'ok');
  await eventually('the input is ok', async () => (await data('input-camera', 'status')) === 'ok');
  assert.match(await page.title(), /front/);
});

test('the picture moves', async () => {
  await picturesCome();
  await page.keyboard.press('b'); // without boxes: only the picture counts
  await eventually('boxes are hidden', async () => (await seen()).boxCount === '0');
  const first = await thumbnail();
  await eventually('pixels change', async () => {
    const next = await thumbnail();
    return next.filter((grey, i) => Math.abs(grey - first[i]) > 12).length > 10;
  });
  await page.keyboard.press('b');
});

test('boxes appear, and on the frame they belong to', async () => {
  await eventually('there are boxes', async () => Number((await seen()).boxCount) >= 1);
  await eventually('boxes of the very frame', async () => (await seen()).boxes === 'exact');
  const drawn = await eventually('boxes are drawn, each track in its colour', async () => {
    const pixels = await boxPixels();
    return pixels.count > 200 && pixels;
  });
  await page.keyboard.press('b');
  const fewer = async () => (await seen()).boxCount === '0' && (await boxPixels(drawn.ids)).count < drawn.count / 2;
  await eventually('boxes that are hidden are not', fewer);
  await page.keyboard.press('b');
  // Every picture of a while, as it was drawn.
  const pictures = await page.locator(id('picture')).evaluate(
    (canvas) =>
      new Promise((done) => {
        const list = [];
        const observer = new MutationObserver(() => {
          list.push({ ...canvas.dataset });
          if (list.length < 30) return;
          observer.disconnect();
          done(list);
        });
        observer.observe(canvas, { attributeFilter: ['data-frame-id'] });
      }),
  );
  for (const { boxes, frameId, boxFrameId } of pictures) {
    if (boxes === 'exact') assert.equal(boxFrameId, frameId);
    if (boxes === 'moved' || boxes === 'older') assert.notEqual(boxFrameId, frameId);
  }
  console.log(`${pictures.filter(({ boxes }) => boxes === 'exact').length} of ${pictures.length} pictures had their own boxes`);
});

test('mode, rates and latency are shown', async () => {
  await eventually('the mode is tracking', async () => (await data('mode', 'mode')) === 'tracking');
  assert.equal((await page.locator(id('mode')).textContent()).trim(), 'Tracking');
  for (const figure of ['fps-capture', 'fps-detect', 'fps-shown', 'latency-p50', 'latency-p99', 'picture-age']) {
    await eventually(`${figure} is a number above 0`, async () => parseFloat(await page.locator(id(figure)).textContent()) > 0);
  }
  await eventually('the alarm is in the list', async () => (await page.locator(`${id('events')} [data-kind="alarm"]`).count()) > 0);
});

test('a stopped detector shows as stale within 2 s and recovers', async () => {
  await stageIs('detect', 'ok');
  const detector = system.stage('vedette-detect');
  assert.ok(detector, system.tail());
  // The page's own clock says when stale was shown. What its thread was late by (a loaded machine) is measured and allowed.
  await page.evaluate(() => {
    window.watch = { staleAt: 0, late: 0 };
    const row = document.querySelector('[data-testid="stage-detect"]');
    const observer = new MutationObserver(() => {
      if (row.dataset.status === 'stale') window.watch.staleAt ||= Date.now();
    });
    observer.observe(row, { attributeFilter: ['data-status'] });
    let last = performance.now();
    setInterval(() => {
      const now = performance.now();
      if (!window.watch.staleAt) window.watch.late = Math.max(window.watch.late, now - last - 50);
      last = now;
    }, 50);
  });
  const stoppedAt = Date.now();
  process.kill(detector, 'SIGSTOP');
  let watch;
  try {
    watch = await eventually('stale is shown', async () => {
      const now = await page.evaluate(() => window.watch);
      return now.staleAt > 0 && now;
    });
    await eventually('no box is shown as current', async () => (await seen()).boxes === 'none');
    await picturesCome(); // analysis never blocks media
  } finally {
    process.kill(detector, 'SIGCONT');
  }
  const shownAfter = watch.staleAt - stoppedAt;
  console.log(`stale was shown ${shownAfter} ms after the signal (page late by at most ${Math.round(watch.late)} ms)`);
  assert.ok(shownAfter <= 2000 + watch.late, `stale was shown after ${shownAfter} ms`);
  await stageIs('detect', 'ok');
  await eventually('boxes are back', async () => Number((await seen()).boxCount) >= 1);
});

test('nothing on the console, no other host, no violation of the policy', () => {
  assert.deepEqual(faults.list, []);
});

test('a killed gateway comes back and the page reconnects by itself', async () => {
  await page.evaluate(() => (window.samePage = true));
  const before = system.stage('vedette-gateway');
  assert.ok(before, system.tail());
  faults.expectLoss = true;
  process.kill(before, 'SIGKILL');
  await eventually('the loss is shown', async () => (await data('connection', 'state')) !== 'live');
  const now = await eventually('a new gateway', () => {
    const pid = system.stage('vedette-gateway');
    return pid !== undefined && pid !== before && pid;
  });
  assert.notEqual(now, before);
  await live();
  await picturesCome();
  await eventually('boxes are back', async () => Number((await seen()).boxCount) >= 1);
  assert.equal(await page.evaluate(() => window.samePage), true, 'the page was not loaded again');
  assert.deepEqual(faults.list, []);
});

test('a phone needs no horizontal scrolling', async () => {
  const phone = await openBrowser({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true });
  try {
    await phone.page.goto(`${system.address}/`);
    const canvas = phone.page.locator(id('picture'));
    await eventually('the phone shows pictures', async () => (await canvas.getAttribute('data-frame-id')) !== null);
    const { content, view } = await phone.page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      view: document.documentElement.clientWidth,
    }));
    assert.equal(view, 390);
    assert.ok(content <= view, `${content} px of content on ${view} px`);
    const box = await canvas.boundingBox();
    assert.ok(box.width > 300 && box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
    const crisp = await canvas.evaluate((element) => element.width / element.clientWidth);
    assert.ok(Math.abs(crisp - 3) < 0.05, `${crisp} pixels per CSS pixel`);
  } finally {
    await phone.close();
  }
});

test('a camera that cannot be reached: the reason is on the page', async () => {
  const troubled = await System.start({ cameras: ['front', 'gone'], urls: { gone: `tcp://127.0.0.1:${await freePort()}` } });
  const visitor = await openBrowser({ viewport: { width: 390, height: 844 }, isMobile: true });
  const there = (what, condition) => until(what, condition, () => troubled.tail());
  try {
    await troubled.ready();
    await visitor.page.goto(`${troubled.address}/`);
    const tile = visitor.page.locator(id('tile-gone'));
    await there('its tile says so', async () => /camera reopening/.test(await tile.textContent()));
    await there('and why', async () => /refused/i.test(await tile.textContent()));
    assert.equal(await visitor.page.locator(`${id('tile-front')} .input-trouble`).count(), 0);
    await tile.click();
    const input = visitor.page.locator(id('input-camera'));
    await there('its page says so', async () => (await input.getAttribute('data-status')) === 'reopening');
    assert.match(await input.textContent(), /reopening.*refused/is);
    await there('and so does the empty picture', async () => /refused/i.test(await visitor.page.locator(id('no-picture')).textContent()));
    const { content, view } = await visitor.page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      view: document.documentElement.clientWidth,
    }));
    assert.ok(content <= view, `${content} px of content on ${view} px`);
    await visitor.page.goto(`${troubled.address}/#front`);
    await there('the other one is ok', async () => (await input.getAttribute('data-status')) === 'ok');
  } finally {
    await visitor.close();
    assert.deepEqual(await troubled.stop(), { code: 0, signal: null }, troubled.tail());
  }
});

test('a still picture keeps its boxes, for who comes later too, and is called still', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vedette-e2e-still-'));
  execFileSync('ffmpeg', ['-v', 'error', '-ss', '20', '-i', join(kBuild, 'media/vtest.avi'), '-frames:v', '1', join(folder, 'a.jpg')]);
  // Persons, and none of them a target: it stays in standby.
  const still = await System.start({ urls: { front: folder }, config: { sentry: ['classes: [dog]'], motion: ['hold: 1s'] } });
  const visitors = [await openBrowser({ viewport: { width: 1280, height: 800 } })];
  const there = (what, condition) => until(what, condition, () => still.tail());
  const isKept = async ({ page: visited }) => {
    await visited.goto(`${still.address}/`);
    const canvas = visited.locator(id('picture'));
    const drawn = () => canvas.evaluate((element) => ({ ...element.dataset }));
    await there('it is still', async () => (await visited.locator(id('still')).count()) === 1);
    await there('boxes are kept', async () => (await drawn()).boxes === 'still' && Number((await drawn()).boxCount) >= 3);
    const { boxFrameId } = await drawn();
    const pictures = new Set();
    // One a second: longer than boxes of a picture that moves would last.
    await there('pictures go on', async () => pictures.add((await drawn()).frameId).size > 5);
    assert.deepEqual({ ...(await drawn()), frameId: '' }, { ...(await drawn()), frameId: '', boxes: 'still', boxFrameId });
    assert.equal(await visited.locator(id('stage-detect')).getAttribute('data-status'), 'ok');
    assert.match(await visited.locator(id('stage-detect')).textContent(), /still/);
    assert.match(await visited.locator(id('boxes-text')).textContent(), /nothing has moved since/);
  };
  try {
    await still.ready();
    await isKept(visitors[0]);
    visitors.push(await openBrowser({ viewport: { width: 1280, height: 800 } }));
    await isKept(visitors[1]);
  } finally {
    for (const visitor of visitors) await visitor.close();
    assert.deepEqual(await still.stop(), { code: 0, signal: null }, still.tail());
    rmSync(folder, { recursive: true, force: true });
  }
});

test('two cameras behind a token', async () => {
  const token = 'e2e-token-0123456789';
  const guarded = await System.start({ cameras: ['front', 'yard'], config: { gateway: [`token: ${token}`] } });
  const visitor = await openBrowser({ viewport: { width: 1280, height: 800 } });
  try {
    await guarded.ready();
    assert.equal((await fetch(`${guarded.address}/api/cameras`)).status, 401);
    await visitor.page.goto(`${guarded.address}/?token=${token}`);
    const tile = (camera) => visitor.page.locator(`${id(`tile-${camera}`)} canvas`);
    for (const camera of ['front', 'yard']) {
      const frames = new Set();
      await until(`${camera} moves`, async () => frames.add(await tile(camera).getAttribute('data-frame-id')).size > 3, () => guarded.tail());
    }
    assert.ok(!visitor.page.url().includes(token), 'the token stays out of the address bar');
    await visitor.page.locator(id('tile-yard')).click();
    await visitor.page.locator('h2', { hasText: /^Mode$/ }).waitFor();
    assert.match(visitor.page.url(), /#\/camera\/yard$/);
    await visitor.page.reload(); // the cookie lets it in again
    await visitor.page.locator(`${id('connection')}[data-state="live"]`).waitFor();
  } finally {
    await visitor.close();
    assert.deepEqual(await guarded.stop(), { code: 0, signal: null }, guarded.tail());
  }
});
