// Who gets in, in a real Chromium over real TLS: the login page, cookies, what each role sees and may do, and that it ends at once for
// who was removed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openBrowser, watchFaults } from '../browser.mjs';
import { System, kBuild, until } from '../system.mjs';

const kPassword = 'correct horse battery';
const kScript = fileURLToPath(new URL('../../../scripts/tls', import.meta.url));

let tls; // a folder
let system;
let browser;
let page;
let faults;

const id = (name) => `[data-testid="${name}"]`;
const eventually = (what, condition) => until(what, condition, async () => `${await page.locator('body').innerText()} ${system.tail()}`);
const vedette = (words, input = '') =>
  execFileSync(join(kBuild, 'bin/vedette'), ['user', ...words, ...(words[0] === 'hash' ? [] : ['-c', system.config])], { input, encoding: 'utf8' });
const shown = (name) => eventually(`${name} is shown`, () => page.locator(id(name)).isVisible());

async function logIn(name, password = kPassword) {
  await page.context().clearCookies(); // whoever it was before
  await page.goto(`${system.address}/`);
  await shown('login');
  await page.locator('input[name="name"]').fill(name);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('form button[type="submit"]').click();
}

async function logOut() {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await shown('login');
}

// As our own page asks: with the cookie, and what belongs to it.
function ask(method, path, { body, csrf = true } = {}) {
  return page.evaluate(
    async ({ method, path, body, csrf }) => {
      const { csrf: token } = await (await fetch('/api/session')).json();
      const headers = { ...(csrf ? { 'X-CSRF-Token': token } : {}), ...(body ? { 'Content-Type': 'application/json' } : {}) };
      const answer = await fetch(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
      const text = await answer.text();
      return { status: answer.status, json: text.startsWith('{') ? JSON.parse(text) : null };
    },
    { method, path, body, csrf },
  );
}

before(async () => {
  tls = mkdtempSync(join(tmpdir(), 'vedette-e2e-tls-'));
  execFileSync(kScript, ['--folder', tls], { stdio: 'pipe' });
  const hash = execFileSync(join(kBuild, 'bin/vedette'), ['user', 'hash'], { input: `${kPassword}\n`, encoding: 'utf8' }).trim();
  const user = (name, role, more = '') => `{name: ${name}, role: ${role}, password_hash: "${hash}"${more}}`;
  system = await System.start({
    cameras: ['front', 'yard'],
    urls: { front: '"synthetic:"', yard: '"synthetic:"' },
    config: {
      gateway: [
        `tls_cert: ${tls}/server.crt`,
        `tls_key: ${tls}/server.key`,
        `users: [${user('anna', 'admin')}, ${user('oskar', 'operator')}, ${user('vera', 'viewer', ', cameras: [front]')}]`,
      ],
    },
  });
  await system.ready();
  browser = await openBrowser({ viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true });
  page = browser.page;
  faults = await watchFaults(page, system.address);
  faults.expectLoss = true; // a browser tells the console of each 401
});

after(async () => {
  await browser?.close();
  const ended = await system?.stop();
  if (tls) rmSync(tls, { recursive: true, force: true });
  assert.deepEqual(ended, { code: 0, signal: null }, system?.tail());
});

test('who isn’t logged in sees the login page and nothing else', async () => {
  await page.goto(`${system.address}/`);
  await shown('login');
  assert.equal(await page.locator(id('login')).getAttribute('data-way'), 'users');
  assert.doesNotMatch(await page.locator('body').innerText(), /front|yard/);
  const statuses = await page.evaluate(async () => {
    const of = async (path) => (await fetch(path)).status;
    return Promise.all(['/api/cameras', '/api/events', '/api/system', '/readyz', '/metrics', '/snapshot/front.jpg', '/api/openapi.json'].map(of));
  });
  assert.deepEqual(statuses, statuses.map(() => 401));
});

test('a wrong password is told, a right one lets in', async () => {
  await logIn('vera', 'wrong wrong');
  await shown('login-trouble');
  assert.match(await page.locator(id('login-trouble')).textContent(), /no user of this name has this password/i);
  assert.equal(await page.locator('input[name="password"]').inputValue(), '');
  await page.locator('input[name="password"]').fill(kPassword);
  await page.keyboard.press('Enter');
  await eventually('the picture is live', async () => (await page.locator(id('connection')).getAttribute('data-state')) === 'live');
});

test('the cookie is for TLS and this site alone, and no script’s', async () => {
  const cookies = await browser.context.cookies(system.address);
  assert.equal(cookies.length, 1);
  const [cookie] = cookies;
  assert.equal(cookie.name, `__Host-vedette_${system.port}`);
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.secure, true);
  assert.equal(cookie.sameSite, 'Strict');
  assert.equal(await page.evaluate(() => document.cookie), '');
});

test('a viewer sees their camera and changes nothing', async () => {
  const { json } = await ask('GET', '/api/cameras');
  assert.deepEqual(json.cameras.map(({ name }) => name), ['front']);
  assert.equal((await ask('GET', '/api/cameras/yard')).status, 404);
  assert.equal((await ask('GET', '/snapshot/yard.jpg')).status, 404);
  assert.equal((await ask('POST', '/api/cameras/front/pause')).status, 403);
  assert.equal((await ask('GET', '/api/users')).status, 403);
  assert.doesNotMatch(JSON.stringify(await ask('GET', '/api/system')), /yard/);
});

test('who logs out is out, and what the cookie was doesn’t let in any more', async () => {
  const before = await browser.context.cookies(system.address);
  await page.goto(`${system.address}/#/system`);
  await logOut();
  assert.deepEqual(await browser.context.cookies(system.address), []);
  await browser.context.addCookies(before);
  await page.goto(`${system.address}/`);
  await shown('login');
});

test('an operator pauses, with what belongs to the cookie alone', async () => {
  await logIn('oskar');
  await eventually('both cameras are there', async () => /front[^]*yard/.test(await page.locator('body').innerText()));
  assert.equal((await ask('POST', '/api/cameras/yard/pause', { csrf: false })).status, 403);
  assert.equal((await ask('POST', '/api/cameras/yard/pause')).status, 204);
  assert.equal((await ask('POST', '/api/cameras/yard/resume')).status, 204);
  assert.equal((await ask('PUT', '/api/cameras/yard/settings/threshold', { body: { value: 0.5 } })).status, 403);
});

test('an admin makes a user, who is thrown out when removed', async () => {
  await logIn('anna');
  await eventually('both cameras are there', async () => /front[^]*yard/.test(await page.locator('body').innerText()));
  const body = { name: 'gast', password: kPassword, role: 'viewer', cameras: ['front'] };
  assert.equal((await ask('POST', '/api/users', { body })).status, 201);
  const guest = await openBrowser({ ignoreHTTPSErrors: true });
  const own = page;
  page = guest.page;
  try {
    await logIn('gast');
    await eventually('the picture is live', async () => (await page.locator(id('connection')).getAttribute('data-state')) === 'live');
    vedette(['remove', 'gast']);
    await shown('login');
  } finally {
    page = own;
    await guest.close();
  }
  const { json } = await ask('GET', '/api/audit');
  const done = json.entries.map(({ who, what, result }) => `${who} ${what} ${result}`);
  for (const entry of ['anna login 200', 'anna POST /api/users 201', 'gast login 200', 'oskar POST /api/cameras/yard/pause 204', ' login 401']) {
    assert.ok(done.includes(entry), `${entry} in ${done.join(', ')}`);
  }
});

test('nothing went wrong on the way', () => {
  assert.deepEqual(faults.list.filter((fault) => !/status of (401|403|404)/.test(fault)), []);
});
