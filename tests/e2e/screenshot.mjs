// Pictures of the running page for the documentation: node tests/e2e/screenshot.mjs [FOLDER], default docs/images.
// Starts the system on the pedestrian clip, waits until it tracks, saves page.png (desktop) and phone.png; the PNGs are reduced
// to a palette by ffmpeg so that they stay small.
import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { openBrowser } from './browser.mjs';
import { System, ensureDirectory, until } from './system.mjs';

const kFolder = ensureDirectory(resolve(process.argv[2] ?? fileURLToPath(new URL('../../docs/images', import.meta.url))));
const kViews = {
  page: { viewport: { width: 1280, height: 760 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', isMobile: true },
};

const system = await System.start();
try {
  await system.ready();
  for (const [name, options] of Object.entries(kViews)) {
    const browser = await openBrowser(options);
    await browser.page.goto(`${system.address}/`);
    const mode = browser.page.locator('[data-testid="mode"]');
    await until('it tracks', async () => (await mode.getAttribute('data-mode')) === 'tracking', () => system.tail());
    const canvas = browser.page.locator('[data-testid="picture"]');
    await until('it shows several boxes', async () => Number(await canvas.getAttribute('data-box-count')) >= 4, () => system.tail());
    await browser.page.waitForTimeout(4000); // figures of a system that has run for a while
    const path = join(kFolder, `${name}.png`);
    const exact = async () => (await canvas.getAttribute('data-boxes')) === 'exact';
    await until('a picture of boxes on their own frame', async () => {
      if (!(await exact())) return false;
      await browser.page.screenshot({ path });
      return exact();
    });
    await browser.close();
    const palette = `${path}.palette.png`;
    const filter = 'split[a][b];[a]palettegen=max_colors=256:stats_mode=full[p];[b][p]paletteuse=dither=none';
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', path, '-vf', filter, '-frames:v', '1', palette]);
    renameSync(palette, path);
    console.log(path);
  }
} finally {
  await system.stop();
}
