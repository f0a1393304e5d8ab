// A real system whose cameras film the test pattern: capture, control and gateway as they are, detect played by a program that
// knows where the pattern's bar is (bar_detector.cpp). Each process is started here, so that a test may kill any.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, kBuild, until } from '../system.mjs';

const kScene = process.env.VEDETTE_TEST_SCENE ?? join(kBuild, 'tests/support/cameras/vedette-test-scene');
const kBarDetector = process.env.VEDETTE_TEST_BAR_DETECTOR ?? join(kBuild, 'tests/e2e/live/vedette-test-bar-detector');

// A file of the pattern: six seconds at 30 fps, then it begins anew.
export function film(path, { codec = 'h264', size = '640x360', gop = 30, b = 0 } = {}) {
  execFileSync(kScene, ['--fps', '30', '--frames', '180', '--stream', `codec=${codec},size=${size},gop=${gop},b=${b},wrap=file,to=${path}`]);
  return path;
}

export class Rig {
  // `cameras`: name -> {url, every, more}: its url, or a function of the rig's folder; the detector looks at every so many-th
  // frame; more lines of YAML. `gateway`: more lines of the gateway's section.
  static async start(cameras, { gateway = [] } = {}) {
    const rig = new Rig();
    rig.folder = mkdtempSync(join(tmpdir(), 'vedette-live-'));
    rig.bus = mkdtempSync('/dev/shm/vedette-live-');
    rig.port = await freePort();
    rig.config = join(rig.folder, 'vedette.yaml');
    rig.running = new Map();
    rig.log = '';
    const lines = ['cameras:'];
    for (const [name, { url, more = [] }] of Object.entries(cameras)) {
      lines.push(`  ${name}:`, `    url: "${typeof url === 'string' ? url : url(rig.folder)}"`, ...more.map((line) => `    ${line}`));
    }
    lines.push('bus:', `  dir: ${rig.bus}`, 'storage:', `  dir: ${join(rig.folder, 'storage')}`);
    lines.push('gateway:', `  port: ${rig.port}`, `  web_root: ${join(kBuild, 'web')}`, ...gateway.map((line) => `  ${line}`), 'motion:', '  gate: false');
    writeFileSync(rig.config, `${lines.join('\n')}\n`);
    for (const [name, { every = 1 }] of Object.entries(cameras)) {
      rig.run(`capture ${name}`, join(kBuild, 'bin/vedette-capture'), '-c', rig.config, '--camera', name);
      rig.run(`detect ${name}`, kBarDetector, rig.bus, name, String(every));
    }
    rig.run('control', join(kBuild, 'bin/vedette-control'), '-c', rig.config);
    await rig.startGateway();
    return rig;
  }

  get address() {
    return `http://127.0.0.1:${this.port}`;
  }

  run(name, program, ...words) {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.log += `${name}: ${text}`));
    child.ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
    this.running.set(name, child);
  }

  async startGateway() {
    this.run('gateway', join(kBuild, 'bin/vedette-gateway'), '-c', this.config);
    const answers = () => fetch(`${this.address}/healthz`).then((answer) => answer.status > 0, () => false);
    await until('the gateway answers', answers, () => this.tail());
  }

  async kill(name, signal = 'SIGKILL') {
    const child = this.running.get(name);
    child.kill(signal);
    await child.ended;
  }

  tail() {
    return `Last lines of the system:\n${this.log.split('\n').slice(-40).join('\n')}`;
  }

  // All of them ended in good order: {name: {code, signal}} of those that didn't.
  async stop() {
    const wrong = {};
    for (const [name, child] of [...this.running].reverse()) {
      child.kill('SIGTERM');
      const ended = await child.ended;
      if (ended.code !== 0) wrong[name] = ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(this.bus, { recursive: true, force: true });
    return wrong;
  }
}
