// A Chromium of the distribution with a profile of its own, and what a page in it must never do.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { kBuild } from './system.mjs';

const { chromium } = createRequire(join(kBuild, 'e2e/package.json'))('playwright-core');

const kFlags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// Opens a browser; `options` are Playwright's (viewport, colorScheme, …), `flags` more of Chromium's. close() also removes its profile.
export async function openBrowser({ flags = [], ...options } = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'vedette-chromium-'));
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: [...kFlags, ...flags], ...options });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, page: context.pages()[0] ?? (await context.newPage()), close };
}

// Collects what a page does wrong from now on: errors on the console, requests to other hosts, violations of the
// Content-Security-Policy. `expectLoss`: the browser's own complaints about a gateway that is away are no fault of the page.
export async function watchFaults(page, address) {
  const faults = { list: [], expectLoss: false };
  const lost = /ERR_CONNECTION_(REFUSED|RESET|CLOSED)|ERR_EMPTY_RESPONSE|WebSocket connection to/;
  page.on('console', (message) => {
    if (message.type() !== 'error' || (faults.expectLoss && lost.test(message.text()))) return;
    faults.list.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => faults.list.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${address}/`) && !url.startsWith('blob:')) faults.list.push(`request to ${url}`);
  });
  page.on('websocket', (socket) => {
    if (!socket.url().startsWith(`${address.replace('http', 'ws')}/`)) faults.list.push(`WebSocket to ${socket.url()}`);
  });
  await page.exposeFunction('reportViolation', (what) => faults.list.push(`Content-Security-Policy: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return faults;
}
