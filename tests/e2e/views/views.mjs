// A system with two cameras, one of which people walk past and one of which lies on its side, for the tests of the views.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { System, kBuild, until } from '../system.mjs';

export const id = (name) => `[data-testid="${name}"]`;

// The clip of pedestrians as H.264, which most cameras send: what is recorded of it plays without being encoded anew.
export function pedestrians() {
  const file = join(mkdtempSync(join(tmpdir(), 'vedette-e2e-views-')), 'pedestrians.mp4');
  const encode = ['-t', '40', '-an', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '10', '-bf', '0'];
  execFileSync('ffmpeg', ['-v', 'error', '-i', join(kBuild, 'media/vtest.avi'), ...encode, file]);
  return file;
}

// `options`: more of System's.
export async function startSystem(options = {}) {
  const clip = pedestrians();
  const system = await System.start({
    cameras: ['front', 'yard'],
    urls: { front: clip, yard: '"synthetic:?size=640x360&fps=5"' },
    keys: { yard: ['rotate: 90', 'flip: horizontal'] },
    config: { record: ['post_roll: 1s', 'longest_clip: 20s'], sentry: ['lose_time: 1s'] },
    ...options,
  });
  system.clip = clip;
  return system;
}

export class Views {
  constructor(system, page) {
    this.system = system;
    this.page = page;
  }

  at(name) {
    return this.page.locator(id(name));
  }

  eventually(what, condition) {
    return until(what, condition, () => `At ${this.page.url()}. ${this.system.tail()}`);
  }

  // The address alone changes, as by a link: the page isn't loaded anew.
  async go(hash) {
    await this.page.evaluate((to) => (location.hash = to), hash);
  }

  async open(hash) {
    await this.page.goto('about:blank');
    await this.page.goto(`${this.system.address}/${hash}`);
  }

  async api(path, init = {}) {
    const answer = await fetch(`${this.system.address}/api/${path}`, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  // The editor of a camera, once it has taken its picture's shape (width / height): what is pointed at stays where it is.
  async openEditor(camera, ratio) {
    await this.open(`#/camera/${camera}/edit`);
    await this.at('new-zone').waitFor();
    await this.eventually('the editor has the picture’s shape', async () => {
      const { width, height } = await this.at('overlay').boundingBox();
      return height > 100 && Math.abs(width / height / ratio - 1) < 0.02;
    });
  }

  // Recorded events whose clip a browser plays.
  async playable() {
    const { events } = await this.api('events?camera=front&limit=50');
    return events.filter((event) => event.state === 'done' && event.codec === 'h264');
  }

  async fits(width) {
    const { content, view } = await this.page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      view: document.documentElement.clientWidth,
    }));
    return view === width && content <= width;
  }
}
