// A system with two cameras, one of which people walk past, for the tests of the views.
import { System, until } from '../system.mjs';

export const id = (name) => `[data-testid="${name}"]`;

// `model`: what looks for objects; the default one else.
export async function startSystem(model = {}) {
  return System.start({
    ...model,
    cameras: ['front', 'yard'],
    urls: { yard: '"synthetic:?size=640x360&fps=5"' },
    config: { record: ['post_roll: 1s', 'longest_clip: 20s'], sentry: ['lose_time: 1s'] },
  });
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
