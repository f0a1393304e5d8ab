// The whole of Vedette as a user starts it, for one test: `vedette up` on a configuration, a bus directory and a port of its own.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const kBuild = resolve(process.env.VEDETTE_BUILD_DIR ?? fileURLToPath(new URL('../../build', import.meta.url)));
export const kWatchdog = 60_000; // far beyond what anything here takes

export function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

// Waits until `condition` returns something true and returns that. `hint` adds what is known when it never does.
export async function until(what, condition, hint = () => '') {
  const deadline = Date.now() + kWatchdog;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`never came true: ${what}. ${await hint()}`);
    await sleep(25);
  }
}

export function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

// Whoever signed its certificate.
function answers(address, headers) {
  const { get } = address.startsWith('https:') ? https : http;
  return new Promise((done) => {
    const request = get(address, { headers, rejectUnauthorized: false }, (answer) => {
      answer.resume();
      done(true);
    });
    request.on('error', () => done(false));
  });
}

export class System {
  // `config`: more YAML lines by section, such as {gateway: ['token: "…"']}; `urls`: of the cameras that don't show the clip;
  // `keys`: more YAML lines by camera; `model`: what looks for objects.
  static async start({ cameras = ['front'], urls = {}, keys = {}, config = {}, model = join(kBuild, 'models/nanodet_g_416.onnx') } = {}) {
    const system = new System();
    for (const file of ['bin/vedette', 'web/index.html', 'media/vtest.avi', 'models/nanodet_g_416.onnx']) {
      if (!existsSync(join(kBuild, file))) throw new Error(`${join(kBuild, file)} is missing: 'make test' makes it`);
    }
    system.port = await freePort();
    system.directory = mkdtempSync(join(tmpdir(), 'vedette-e2e-'));
    system.bus = mkdtempSync('/dev/shm/vedette-e2e-');
    system.config = join(system.directory, 'vedette.yaml');
    system.scheme = (config.gateway ?? []).some((line) => line.startsWith('tls_cert:')) ? 'https' : 'http';
    writeFileSync(system.config, system.yaml(cameras, { urls, keys, config, model }));
    system.spawn(system.config);
    return system;
  }

  get address() {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }

  yaml(cameras, { urls, keys, config, model }) {
    const lines = ['cameras:'];
    for (const camera of cameras) {
      const own = [`url: ${urls[camera] ?? join(kBuild, 'media/vtest.avi')}`, ...(keys[camera] ?? [])];
      lines.push(`  ${camera}:`, ...own.map((line) => `    ${line}`));
    }
    const sections = {
      bus: [`dir: ${this.bus}`],
      storage: [`dir: ${join(this.directory, 'storage')}`],
      detect: [`model: ${model}`],
      sentry: ['validate_time: 300ms'],
      gateway: [`port: ${this.port}`, `web_root: ${join(kBuild, 'web')}`],
    };
    for (const [section, own] of Object.entries(sections)) {
      lines.push(`${section}:`, ...[...own, ...(config[section] ?? [])].map((line) => `  ${line}`));
    }
    return `${lines.join('\n')}\n`;
  }

  spawn(path) {
    this.log = '';
    this.process = spawn(join(kBuild, 'bin/vedette'), ['up', '-c', path], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (text) => (this.log += text));
    this.ended = new Promise((done) => this.process.on('close', (code, signal) => done({ code, signal })));
  }

  // The end of what it has said, for a failed test.
  tail() {
    return `Last lines of the system:\n${this.log.split('\n').slice(-40).join('\n')}`;
  }

  alive() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  // The pid of the stage with this program name; undefined if it doesn't run.
  stage(program) {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        if (Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]) !== this.process.pid || /^State:\s*[ZX]/m.test(status)) continue;
        if (basename(readlinkSync(`/proc/${pid}/exe`)) === program) return Number(pid);
      } catch {
        // ended meanwhile
      }
    }
    return undefined;
  }

  // Waits until the gateway answers.
  async ready() {
    await until(
      'the gateway answers',
      async () => {
        if (!this.alive()) throw new Error(`'vedette up' has ended. ${this.tail()}`);
        return answers(`${this.address}/healthz`, this.headers ?? {});
      },
      () => this.tail(),
    );
  }

  // SIGTERM, and what it ended with: {code, signal}; SIGKILL when it doesn't end.
  async stop() {
    const watchdog = setTimeout(() => this.process.kill('SIGKILL'), kWatchdog);
    this.process.kill('SIGTERM');
    const ended = await this.ended;
    clearTimeout(watchdog);
    rmSync(this.directory, { recursive: true, force: true });
    rmSync(this.bus, { recursive: true, force: true });
    return ended;
  }
}

export function ensureDirectory(path) {
  mkdirSync(path, { recursive: true });
  return path;
}
