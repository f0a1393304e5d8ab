// Whoever uses the page: without a mouse, by ear, on a phone, in the dark or in the light. axe-core looks at every view.
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { openBrowser } from '../browser.mjs';
import { kBuild } from '../system.mjs';
import { Views, id, startSystem } from './views.mjs';

const axe = readFileSync(join(kBuild, 'e2e/node_modules/axe-core/axe.min.js'), 'utf8');

let system;
let event; // one with a clip

before(async () => {
  system = await startSystem();
  await system.ready();
  const views = new Views(system, { url: () => 'no page' });
  [event] = await views.eventually('an event whose clip plays', async () => {
    const list = await views.playable();
    return list.length > 0 && list;
  });
});

after(async () => {
  const ended = await system?.stop();
  rmSync(dirname(system.clip), { recursive: true, force: true });
  assert.deepEqual(ended, { code: 0, signal: null }, system.tail());
});

// Every view, with what has to be there before it is looked at.
function everyView() {
  return [
    ['#/', id('tile-front')],
    ['#/camera/front', id('mode')],
    ['#/events', '.event-card'],
    [`#/events/front/${event.id}`, id('clip')],
    ['#/events?label=giraffe', id('no-events')],
    ['#/camera/front/edit', id('new-zone')],
    ['#/system', id('waterfall-front')],
    ['#/nothing', '.notice'],
  ];
}

async function withBrowser(options, act) {
  const browser = await openBrowser(options);
  try {
    await act(new Views(system, browser.page), browser.page);
  } finally {
    await browser.close();
  }
}

async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id: rule, nodes }) => nodes.map((node) => `${rule}: ${node.html.slice(0, 160)} (${node.any[0]?.message ?? node.failureSummary})`));
}

for (const colorScheme of ['dark', 'light']) {
  test(`axe finds nothing serious in any view, ${colorScheme}`, () =>
    withBrowser({ viewport: { width: 1280, height: 800 }, colorScheme }, async (views, page) => {
      for (const [hash, there] of everyView()) {
        await views.open(hash);
        await page.locator(there).first().waitFor();
        assert.deepEqual(await findings(page), [], hash);
      }
      await views.openEditor('front', 4 / 3);
      await views.at('new-zone').click();
      for (const [x, y] of [[100, 100], [300, 100], [300, 300]]) await views.at('overlay').click({ position: { x, y } });
      await page.keyboard.press('Enter');
      await views.at('shape-name').waitFor();
      assert.deepEqual(await findings(page), [], 'a zone in the editor');
      await views.at('new-mask').click();
      for (const [x, y] of [[400, 100], [600, 100], [600, 300]]) await views.at('overlay').click({ position: { x, y } });
      await page.keyboard.press('Enter');
      await views.at('shape-mask 1').waitFor();
      assert.deepEqual(await findings(page), [], 'a mask in the editor');
      await page.keyboard.press('?');
      await views.at('help').waitFor();
      assert.deepEqual(await findings(page), [], 'the help');
    }));
}

test('a phone: no view needs horizontal scrolling, the views are at the bottom', () =>
  withBrowser({ viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }, async (views, page) => {
    for (const [hash, there] of everyView()) {
      await views.open(hash);
      await page.locator(there).first().waitFor();
      assert.ok(await views.fits(375), hash);
      const bar = await views.at('views').boundingBox();
      assert.ok(bar.y + bar.height <= 812 && bar.y > 700, `${hash}: ${JSON.stringify(bar)}`);
    }
    await views.open(`#/events/front/${event.id}`);
    await views.at('clip').waitFor();
    assert.equal(await page.locator('.events-list').isVisible(), false, 'the event is instead of the list');
  }));

test('a finger draws a zone', () =>
  withBrowser({ viewport: { width: 375, height: 812 }, isMobile: true, hasTouch: true }, async (views, page) => {
    await views.openEditor('front', 4 / 3);
    await views.at('new-zone').tap();
    const box = await views.at('overlay').boundingBox();
    for (const [x, y] of [[0.2, 0.2], [0.8, 0.2], [0.5, 0.8], [0.2, 0.2]]) await page.touchscreen.tap(box.x + x * box.width, box.y + y * box.height);
    await views.at('shape-zone1').waitFor();
    await views.at('discard').tap();
  }));

test('without a mouse: skip link, views, an event, the help, a zone', () =>
  withBrowser({ viewport: { width: 1280, height: 800 } }, async (views, page) => {
    const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.getAttribute('aria-label'));
    const tabTo = (what) =>
      views.eventually(`Tab comes to ${what}`, async () => {
        await press('Tab');
        return (await focused()).includes(what);
      });
    await views.open('#/');
    await views.at('tile-front').waitFor();
    await press('Tab');
    assert.equal(await focused(), 'Skip to the content');
    await press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    assert.match(page.url(), /#\/$/);
    await press('e');
    await page.locator('.event-card').first().waitFor();
    await views.eventually('Tab comes to an event', async () => {
      await press('Tab');
      return page.evaluate(() => document.activeElement.classList.contains('event-card'));
    });
    await press('Enter');
    await views.at('event-detail').waitFor();
    await press('Escape');
    await views.eventually('back in the list, on that event', () => page.evaluate(() => document.activeElement.classList.contains('event-card')));
    await press('?');
    await views.at('help').waitFor();
    assert.match(await views.at('help').textContent(), /System/);
    await press('Escape');
    await views.eventually('the help is closed', async () => (await views.at('help').count()) === 0);
    await press('1');
    await views.at('mode').waitFor();
    await press('z');
    await views.at('new-zone').waitFor();
    await views.eventually('a size', async () => (await views.at('overlay').boundingBox()).height > 100);
    await press('n');
    await views.eventually('the picture has the keys', () => page.evaluate(() => document.activeElement.classList.contains('overlay')));
    await press('Shift+ArrowLeft', 'Shift+ArrowUp', 'Space', 'Shift+ArrowRight', 'Shift+ArrowRight', 'Space', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Space', 'Enter');
    await views.at('shape-zone1').waitFor();
    await tabTo('Corner 1 of zone zone1: 45.0% from the left, 45.0% from the top');
    await press('ArrowLeft', 'Insert');
    await views.eventually('a corner more, one moved', async () => /^zone zone1, 4 corners/.test(await views.at('shape-zone1').getAttribute('aria-label')));
    assert.match(await views.at('corner-0').getAttribute('aria-label'), /44\.5% from the left/);
    await press('Control+z', 'Control+z');
    assert.match(await views.at('corner-0').getAttribute('aria-label'), /45\.0% from the left/);
  }));

test('who wants no motion sees none', () =>
  withBrowser({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' }, async (views, page) => {
    for (const [hash, there] of everyView()) {
      await views.open(hash);
      await page.locator(there).first().waitFor();
      const moving = await page.evaluate(() => document.getAnimations().filter((animation) => animation.playState === 'running').length);
      assert.equal(moving, 0, hash);
    }
  }));
