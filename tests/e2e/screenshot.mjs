// Pictures of the running page for the documentation: node tests/e2e/screenshot.mjs [FOLDER], default docs/images.
// Starts the system on the pedestrian clip, with zones and a line, waits until there is something to see in every view, saves page.png,
// events.png, editor.png, system.png (desktop) and phone.png; the PNGs are reduced to a palette by ffmpeg so that they stay small.
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { openBrowser } from './browser.mjs';
import { System, ensureDirectory, until } from './system.mjs';
import { pedestrians } from './views/views.mjs';

const kFolder = ensureDirectory(resolve(process.argv[2] ?? fileURLToPath(new URL('../../docs/images', import.meta.url))));
const kDesktop = { viewport: { width: 1280, height: 760 } };
const kMostBytes = 300_000;
const kZones = [
  { name: 'plaza', polygon: '0.03,0.42 0.5,0.3 0.72,0.62 0.3,0.97 0.03,0.97', objects: ['person'] },
  { name: 'gate', polygon: '0.74,0.2 0.98,0.2 0.98,0.52 0.8,0.52' },
];
const kLines = [{ name: 'walkway', points: '0.52,0.28 0.78,0.66' }];

const clip = pedestrians();
const system = await System.start({ urls: { front: clip }, config: { record: ['post_roll: 1s', 'longest_clip: 20s'], sentry: ['lose_time: 1s'] } });
const id = (name) => `[data-testid="${name}"]`;
const eventually = (what, condition) => until(what, condition, () => system.tail());

async function api(path, init) {
  const answer = await fetch(`${system.address}/api/${path}`, init);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
}

function set(key, value) {
  const headers = { 'Content-Type': 'application/json' };
  return api(`cameras/front/settings/${key}`, { method: 'PUT', headers, body: JSON.stringify({ value }) });
}

// A picture whose boxes are on their own frame.
async function withBoxes(page, path) {
  const canvas = page.locator(id('picture'));
  const exact = async () => (await canvas.getAttribute('data-boxes')) === 'exact' && Number(await canvas.getAttribute('data-box-count')) >= 4;
  await eventually('a picture of boxes on their own frame', async () => {
    if (!(await exact())) return false;
    await page.screenshot({ path });
    return exact();
  });
}

async function live(page, path) {
  await page.goto(`${system.address}/#/camera/front`);
  const mode = page.locator(id('mode'));
  await eventually('it tracks', async () => (await mode.getAttribute('data-mode')) === 'tracking');
  await page.waitForTimeout(4000); // figures of a system that has run for a while
  await withBoxes(page, path);
}

async function events(page, path) {
  const { events: list } = await eventually('events with clips', async () => {
    const answer = await api('events?limit=40');
    return answer.events.filter((event) => event.state === 'done' && event.codec === 'h264').length >= 6 && answer;
  });
  const one = list.find((event) => event.state === 'done' && event.codec === 'h264');
  await page.goto(`${system.address}/#/events/front/${one.id}`);
  const clip = page.locator(id('clip'));
  await clip.waitFor();
  await clip.evaluate((video) => (video.currentTime = 1));
  await eventually('thumbnails', () => page.locator('.event-picture img').first().evaluate((image) => image.complete && image.naturalWidth > 0));
  await page.waitForTimeout(1500);
  await page.screenshot({ path });
}

async function editor(page, path) {
  await page.goto(`${system.address}/#/camera/front/edit`);
  await page.locator(id('shape-plaza')).click();
  await page.locator(id('shape-name')).waitFor();
  await page.waitForTimeout(1500);
  await page.screenshot({ path });
}

async function systemView(page, path) {
  await page.goto(`${system.address}/#/system`);
  await page.locator(id('waterfall-front')).waitFor();
  await page.waitForTimeout(25_000); // curves that can be seen
  await page.screenshot({ path });
}

const kPictures = [
  ['page', { ...kDesktop, colorScheme: 'dark' }, live],
  ['editor', { ...kDesktop, colorScheme: 'dark' }, editor],
  ['system', { ...kDesktop, colorScheme: 'light' }, systemView],
  ['events', { ...kDesktop, colorScheme: 'light' }, events],
  ['phone', { viewport: { width: 390, height: 844 }, colorScheme: 'light', isMobile: true }, live],
];

function reduce(path) {
  const palette = `${path}.palette.png`;
  for (const colors of [256, 128, 64]) {
    const filter = `split[a][b];[a]palettegen=max_colors=${colors}:stats_mode=full[p];[b][p]paletteuse=dither=none`;
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', path, '-vf', filter, '-frames:v', '1', palette]);
    if (statSync(palette).size < kMostBytes) break;
  }
  renameSync(palette, path);
}

try {
  await system.ready();
  await set('zones', kZones);
  await set('lines', kLines);
  for (const [name, options, show] of kPictures) {
    const browser = await openBrowser(options);
    const path = join(kFolder, `${name}.png`);
    await show(browser.page, path);
    await browser.close();
    reduce(path);
    console.log(path);
  }
} finally {
  await system.stop();
  rmSync(dirname(clip), { recursive: true, force: true });
}
