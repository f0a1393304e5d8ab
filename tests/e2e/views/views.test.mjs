// The views in a real Chromium on the real system: where links lead, events and their clips, zones that are drawn, the system view.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { openBrowser, watchFaults } from '../browser.mjs';
import { kBuild } from '../system.mjs';
import { Views, id, startSystem } from './views.mjs';

let model; // a copy of the default one, without a card
let system;
let browser;
let page;
let faults;
let views;

before(async () => {
  model = join(mkdtempSync(join(tmpdir(), 'vedette-e2e-model-')), 'm.onnx');
  copyFileSync(join(kBuild, 'models/nanodet_g_416.onnx'), model);
  system = await startSystem({ model });
  await system.ready();
  browser = await openBrowser({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
  page = browser.page;
  faults = await watchFaults(page, system.address);
  views = new Views(system, page);
});

after(async () => {
  await browser?.close();
  rmSync(dirname(model), { recursive: true, force: true });
  const ended = await system?.stop();
  rmSync(dirname(system.clip), { recursive: true, force: true });
  assert.deepEqual(ended, { code: 0, signal: null }, system.tail());
});

const frame = () => page.locator(id('picture')).first().getAttribute('data-frame-id');

test('six requests at most until the first picture', async () => {
  await page.addInitScript(() => {
    const observer = new MutationObserver(() => {
      window.firstPictureAt = performance.now();
      observer.disconnect();
    });
    observer.observe(document, { subtree: true, attributeFilter: ['data-frame-id'] });
  });
  let sockets = 0;
  page.on('websocket', () => sockets++);
  await page.goto(`${system.address}/#/camera/front`);
  await views.eventually('a picture', () => page.evaluate(() => window.firstPictureAt !== undefined));
  const before = await page.evaluate(() =>
    performance.getEntriesByType('resource').filter(({ startTime }) => startTime < window.firstPictureAt).map(({ name }) => name),
  );
  const asked = ['/', ...before.filter((url) => !url.endsWith('favicon.svg')), ...Array(sockets).fill('socket')];
  assert.ok(asked.length >= 5 && asked.length <= 6, asked.join('\n'));
});

test('all of the page is small', () => {
  const files = readdirSync(join(kBuild, 'web'), { recursive: true }).filter((file) => /\.(js|css|html|svg)$/.test(file));
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(kBuild, 'web', file))).length, 0);
  console.log(`${files.length} files, ${bytes} bytes by gzip`);
  assert.ok(bytes > 10_000 && bytes <= 150_000, `${bytes} bytes`);
});

test('links lead where they say, old ones too', async () => {
  await views.open('#yard');
  await views.eventually('an old link shows its camera', async () => (await page.title()) === 'yard · Vedette');
  await views.go('#/');
  await views.eventually('all cameras', async () => (await page.locator(`${id('grid')} canvas`).count()) === 2);
  await views.at('tile-front').click();
  await views.eventually('its tile opens a camera', async () => page.url().endsWith('#/camera/front'));
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  for (const [name, title] of [['Events', 'Events · Vedette'], ['System', 'System · Vedette'], ['Live', 'Vedette']]) {
    await views.at('views').getByText(name).click();
    await views.eventually(name, async () => (await page.title()) === title);
  }
  await page.goBack();
  await views.eventually('the way back', async () => (await page.title()) === 'System · Vedette');
  await views.go('#/camera/nobody');
  await page.getByText('There is no camera “nobody”').waitFor();
  await views.go('#/what/is/this');
  await page.getByText('There is nothing here').waitFor();
});

test('dark and light: as the system, then as chosen, also after a reload', async () => {
  await views.open('#/system');
  const theme = () => page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]);
  assert.deepEqual(await theme(), ['dark', 'rgb(12, 17, 16)']);
  await page.emulateMedia({ colorScheme: 'light' });
  await views.eventually('as the system', async () => (await theme())[1] === 'rgb(243, 246, 245)');
  await views.at('theme').click(); // from “as the system” to dark
  assert.equal((await theme())[0], 'dark');
  await page.reload();
  await views.at('theme').waitFor();
  assert.equal((await theme())[0], 'dark');
  await views.at('theme').click();
  await views.at('theme').click();
  await page.emulateMedia({ colorScheme: 'dark' });
});

test('events come by themselves, and a clip plays', async () => {
  await views.open('#/events');
  await views.eventually('an event, unasked', async () => (await page.locator('.event-card').count()) > 0);
  const [event] = await views.eventually('one that can be played', async () => {
    const list = await views.playable();
    return list.length > 0 && list;
  });
  const card = page.locator(`[data-event="front/${event.id}"]`);
  await card.waitFor();
  await views.eventually('its picture', () => card.locator('img').evaluate((image) => image.scrollIntoView() ?? (image.complete && image.naturalWidth > 0)));
  const ranges = [];
  page.on('response', (response) => response.url().endsWith('clip.mp4') && ranges.push(response.status()));
  await card.click();
  const clip = views.at('clip');
  await clip.waitFor();
  await clip.evaluate((video) => ((video.muted = true), video.play()));
  await views.eventually('it plays', () => clip.evaluate((video) => video.currentTime > 0.5 && video.videoWidth > 0));
  await clip.evaluate((video) => (video.currentTime = video.duration / 2));
  await views.eventually('it seeks', () => clip.evaluate((video) => !video.seeking && video.currentTime >= video.duration / 2 - 0.5));
  assert.ok(ranges.includes(206), `answers: ${ranges}`);
  await page.getByRole('button', { name: 'With its box' }).click();
  const boxed = views.at('event-boxed');
  await views.eventually('the picture with its box', () => boxed.evaluate((image) => image.complete && image.naturalWidth > 0));
});

test('a favourite is one for the API too; a deleted event is gone', async () => {
  const [kept] = await views.playable();
  await views.open(`#/events/front/${kept.id}`);
  await views.at('favourite').click();
  await views.eventually('a favourite', async () => (await views.api(`events/front/${kept.id}`)).favourite === true);
  await views.go('#/events?favourites=yes');
  await views.eventually('favourites alone', async () => (await page.locator('.event-card').count()) === 1);
  const [gone] = (await views.eventually('another event', async () => {
    const others = (await views.playable()).filter((event) => event.id !== kept.id);
    return others.length > 0 && others;
  }));
  await views.open(`#/events/front/${gone.id}`);
  await views.at('delete').click();
  await views.at('confirm').getByRole('button', { name: 'Delete' }).click();
  await views.eventually('it is gone', async () => (await fetch(`${system.address}/api/events/front/${gone.id}`)).status === 404);
  await views.eventually('the page shows it no more', async () => (await page.locator(`[data-event="front/${gone.id}"]`).count()) === 0);
});

test('filters are in the address; what fits nothing says so', async () => {
  await views.open('#/events');
  await page.locator('.event-card').first().waitFor();
  await views.at('filter-label').fill('giraffe');
  await views.at('filter-label').press('Enter');
  await views.at('no-events').waitFor();
  assert.match(page.url(), /label=giraffe/);
  await page.getByRole('button', { name: 'All events' }).click();
  await page.locator('.event-card').first().waitFor();
  await views.at('filter-camera').selectOption('yard');
  await views.eventually('none of the other camera', async () => !/front\//.test(await page.locator('.events-list').innerHTML()));
  await views.at('filter-range').selectOption('1h');
  assert.match(page.url(), /camera=yard&range=1h/);
});

// Where a part of the picture is on the screen.
async function place(x, y) {
  const box = await views.at('overlay').boundingBox();
  return [box.x + x * box.width, box.y + y * box.height];
}

async function drag(from, to) {
  await page.mouse.move(...(await place(...from)));
  await page.mouse.down();
  await page.mouse.move(...(await place(...to)), { steps: 4 });
  await page.mouse.up();
}

async function openEditor(camera = 'front', ratio = 4 / 3) {
  await views.openEditor(camera, ratio);
  await views.eventually('the live picture', frame);
}

test('a zone is drawn, refused where it crosses itself, saved, and there again', async () => {
  await openEditor();
  await views.at('new-zone').click();
  for (const corner of [[0.1, 0.1], [0.9, 0.1], [0.9, 0.95], [0.1, 0.95]]) await page.mouse.click(...(await place(...corner)));
  await page.keyboard.press('Enter');
  await views.at('shape-name').fill('plaza');
  await views.at('shape-objects').fill('person');
  await drag([0.9, 0.95], [0.05, 0.5]); // through the side on the left
  assert.match(await views.at('said').textContent(), /cross/);
  await drag([0.9, 0.95], [0.88, 0.9]);
  await views.at('corner-0').focus();
  await page.keyboard.press('ArrowRight');
  await views.at('undo').click();
  await views.at('save').click();
  await views.eventually('it is saved', async () => /Saved/.test(await views.at('said').textContent()));
  const { value, overridden } = await views.api('cameras/front/settings/zones');
  assert.equal(overridden, true);
  assert.equal(value.length, 1);
  assert.deepEqual([value[0].name, value[0].objects], ['plaza', ['person']]);
  const corners = value[0].polygon.split(' ').map((corner) => corner.split(',').map(Number));
  const wanted = [[0.1, 0.1], [0.9, 0.1], [0.88, 0.9], [0.1, 0.95]];
  corners.forEach(([x, y], i) => assert.ok(Math.hypot(x - wanted[i][0], y - wanted[i][1]) < 0.02, `${corners}`));
  await openEditor();
  await views.at('shape-plaza').waitFor();
  assert.equal(await views.at('zones').getAttribute('data-overridden'), 'true');
});

test('the rules go by it', async () => {
  await views.eventually('an event in the zone that was drawn', async () => (await views.api('events?zone=plaza')).events.length > 0);
});

test('a line shows where “in” is; what the gateway refuses is shown where it belongs', async () => {
  await openEditor();
  await views.at('new-line').click();
  for (const corner of [[0.2, 0.6], [0.8, 0.6]]) await page.mouse.click(...(await place(...corner)));
  assert.equal(await views.at('arrow').getAttribute('data-angle'), '90'); // from left to right: in is below
  await views.at('swap').click();
  assert.equal(await views.at('arrow').getAttribute('data-angle'), '-90');
  await views.at('shape-name').fill('not a Name!');
  await views.at('save').click();
  const item = page.locator('.shape-item', { hasText: 'not a Name!' });
  await views.eventually('its mistake', async () => (await item.locator('.mistake').count()) === 1);
  await views.at('shape-name').fill('gate');
  await views.at('save').click();
  await views.eventually('it is saved', async () => /Saved/.test(await views.at('said').textContent()));
  assert.equal((await views.api('cameras/front/settings/lines')).value[0].name, 'gate');
});

test('changes survive a look at another view; the file’s own zones come back', async () => {
  await views.at('shape-plaza').click();
  await views.at('remove').click();
  await views.go('#/system');
  await views.at('machine').waitFor();
  await views.go('#/camera/front/edit');
  await views.eventually('the change is kept', async () => /aren’t saved/.test(await views.at('said').textContent()));
  assert.equal(await views.at('shape-plaza').count(), 0);
  await views.at('discard').click();
  await views.at('unset-zones').click();
  await views.at('confirm').getByRole('button', { name: 'Back to the file' }).click();
  await views.eventually('as in the file', async () => (await views.at('zones').getAttribute('data-overridden')) === 'false');
  assert.deepEqual(await views.api('cameras/front/settings/zones'), { value: [], overridden: false });
});

// The lightest grey, 0 to 255, in each of some parts [left, top, right, bottom] of the picture on the screen.
function lightest(parts) {
  return page.locator(id('picture')).evaluate((canvas, wanted) => {
    const { width, height } = canvas;
    return wanted.map(([left, top, right, bottom]) => {
      const size = [Math.floor((right - left) * width), Math.floor((bottom - top) * height)];
      const { data } = canvas.getContext('2d').getImageData(Math.ceil(left * width), Math.ceil(top * height), ...size);
      let most = 0;
      for (let i = 0; i < data.length; i += 4) most = Math.max(most, (data[i] + data[i + 1] + data[i + 2]) / 3);
      return most;
    });
  }, parts);
}

const kHidden = [0.52, 0.12, 0.88, 0.28]; // inside of the mask that is drawn
const kBeside = [0.52, 0.4, 0.88, 0.9];

async function seen(what, hidden) {
  await views.eventually(what, async () => {
    const [inside, beside] = await lightest([kHidden, kBeside]);
    return beside > 150 && (hidden ? inside < 40 : inside > 150);
  });
}

test('a mask is drawn on a turned picture, and what was under it is black', async () => {
  await openEditor('yard', 9 / 16);
  await seen('nothing is hidden', false);
  await views.at('new-mask').click();
  for (const corner of [[0.5, 0.1], [0.9, 0.1], [0.9, 0.3], [0.5, 0.3]]) await page.mouse.click(...(await place(...corner)));
  await page.keyboard.press('Enter');
  const mask = views.at('shape-mask 1');
  await views.at('corner-0').focus();
  await page.keyboard.press('Insert');
  assert.equal(await mask.getAttribute('aria-label'), 'mask 1, 5 corners');
  await page.keyboard.press('Delete');
  assert.equal(await mask.getAttribute('aria-label'), 'mask 1, 4 corners');
  await views.at('undo').click();
  await views.at('undo').click();
  await views.at('save').click();
  await views.eventually('it is saved', async () => /Saved/.test(await views.at('said').textContent()));
  await seen('it is black there alone', true);
  // The camera's own picture lies on its side, mirrored: its left is below, its top on the right.
  const { value, overridden } = await views.api('cameras/yard/settings/masks');
  assert.deepEqual([value.length, overridden], [1, true]);
  const corners = value[0].split(' ').map((corner) => corner.split(',').map(Number));
  const wanted = [[0.9, 0.5], [0.9, 0.1], [0.7, 0.1], [0.7, 0.5]];
  corners.forEach(([x, y], i) => assert.ok(Math.hypot(x - wanted[i][0], y - wanted[i][1]) < 0.02, `${value}`));
});

test('masks that are in force are outlined; without them all is seen again', async () => {
  await openEditor('yard', 9 / 16);
  const box = await views.at('shape-mask 1').boundingBox();
  const [left, top] = await place(0.5, 0.1);
  const [right, bottom] = await place(0.9, 0.3);
  const off = [box.x - left, box.y - top, box.x + box.width - right, box.y + box.height - bottom];
  assert.ok(off.every((pixels) => Math.abs(pixels) < 6), `${off}`);
  await views.at('shape-mask 1').focus();
  await page.keyboard.press('Delete');
  assert.equal(await page.locator('.blackened polygon').count(), 1, 'black until it is saved');
  await views.at('save').click();
  await seen('nothing is hidden any more', false);
  await views.at('undo').click();
  await views.at('save').click();
  await seen('it is hidden again', true);
  await views.at('unset-masks').click();
  await views.at('confirm').getByRole('button', { name: 'Back to the file' }).click();
  await seen('nothing is hidden, as in the file', false);
  assert.deepEqual(await views.api('cameras/yard/settings/masks'), { value: [], overridden: false });
});

test('the system view shows live stages, rates and the way of a frame', async () => {
  await views.open('#/system');
  await views.at('stages').waitFor();
  for (const stage of ['capture', 'detect', 'control', 'gateway', 'record']) {
    const row = page.locator(`[data-testid^="use-${stage}"]`).first();
    await views.eventually(`${stage} uses memory`, async () => /MB|GB/.test(await row.textContent()));
    const process = Number(await row.locator('td').nth(2).textContent());
    assert.equal(basename(readlinkSync(`/proc/${process}/exe`)), `vedette-${stage}`);
  }
  const figure = (camera, name) => page.locator(`${id(`system-${camera}`)} ${id(`spark-${name}`)} .spark-value`);
  for (const name of ['frames', 'detections']) await views.eventually(name, async () => parseFloat(await figure('front', name).textContent()) > 0);
  await views.eventually('machine', async () => /\d+%/.test(await page.locator(`${id('machine')} ${id('spark-cpu')}`).textContent()));
  const hops = page.locator(`${id('waterfall-front')} .hop-name`);
  await views.eventually('the way of a frame', async () => (await hops.count()) >= 3);
});

test('an operator pauses a camera and lets it go on', async () => {
  await views.open('#/camera/yard');
  const controls = views.at('controls');
  const paused = async () => (await views.api('cameras/yard')).paused;
  await controls.getByRole('button', { name: 'Pause' }).click();
  await views.eventually('it is paused', paused);
  await controls.getByRole('button', { name: 'Resume' }).click();
  await views.eventually('it goes on', async () => !(await paused()));
});

test('the model is shown, and its card as soon as there is one', async () => {
  await views.open('#/system');
  const text = () => views.at('model-precision').textContent();
  await views.eventually('the model has no card', async () => (await views.at('model').getAttribute('data-card')) === 'none');
  assert.equal((await text()).trim(), 'No card: average precision unknown.');
  const sha256 = createHash('sha256').update(readFileSync(model)).digest('hex');
  const accuracy = { dataset: 'some_photos', photos: 9, ap: 0.2534, ap50: 0.4, ap75: 0.25, person_ap: 0.2121 };
  const latency = { median_ms: 12.5, p90_ms: 14, machine: 'a machine', provider: 'cpu', threads: 0 };
  const card = { card: 1, file: 'm.onnx', sha256, bytes: 1, family: 'nanodet', input: { width: 416, height: 416 }, accuracy, latency,
    origin: null, made: '', date: '2026-11-26' };
  writeFileSync(`${model}.card.json`, JSON.stringify(card));
  await views.eventually('its card is shown', async () => (await views.at('model').getAttribute('data-card')) === 'fresh');
  assert.equal((await text()).trim(), 'AP 0.253 on some_photos (9 photos)');
  const shown = await views.at('model').textContent();
  for (const figure of ['m.onnx', 'nanodet', '0.212', '13 ms by cpu']) assert.ok(shown.includes(figure), `${figure} in ${shown}`);
});

test('nothing on the console, no other host, no violation of the policy', () => {
  // A deleted event, an unplayable name: what was asked for on purpose is no fault.
  assert.deepEqual(faults.list.filter((fault) => !/status of (404|422)/.test(fault)), []);
});
