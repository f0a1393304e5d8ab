// Real streams by the ffmpeg program, as the gateway would send them, and what ffmpeg makes of a file.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

// The test's thread goes on meanwhile: vitest asks it whether it is alive.
async function run(program, ...words) {
  const options = { maxBuffer: 64 * 1024 * 1024, encoding: 'buffer' };
  return (await promisify(execFile)(program, ['-v', 'error', ...words], options)).stdout;
}

export function hasFfmpeg() {
  try {
    return /libx264[^]*libx265/.test(execFileSync('ffmpeg', ['-v', 'error', '-encoders']).toString());
  } catch {
    return false;
  }
}

async function within(act) {
  const folder = mkdtempSync(join(tmpdir(), 'vedette-web-'));
  try {
    return await act((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// The stream cut into pieces of these sizes.
function cut(stream, sizes) {
  let at = 0;
  return sizes.map((size) => new Uint8Array(stream.subarray(at, (at += size))));
}

const kCodecs = {
  h264: { encoder: 'libx264', parameters: '-x264-params', filter: 'h264_mp4toannexb', format: 'h264' },
  h265: { encoder: 'libx265', parameters: '-x265-params', filter: 'hevc_mp4toannexb', format: 'hevc' },
};

// In the order of decoding: {data, ptsUs, key}; and what each picture shows, in the order of showing.
export function encode(codec, { width, height, frames, options }) {
  const { encoder, parameters, filter, format } = kCodecs[codec];
  return within(async (path) => {
    const graph = `testsrc2=size=${width}x${height}:rate=25`;
    const clip = path('clip.mkv');
    const log = codec === 'h265' ? ':log-level=error' : '';
    await run('ffmpeg', '-f', 'lavfi', '-i', graph, '-frames:v', String(frames), '-c:v', encoder, '-pix_fmt', 'yuv420p', parameters,
      `aud=1:${options}${log}`, clip);
    const annexb = (...output) => run('ffmpeg', '-i', clip, '-c', 'copy', '-bsf:v', filter, '-f', ...output);
    await annexb(format, path('stream'));
    const sizes = columns(await annexb('framecrc', '-')).map((line) => Number(line[4]));
    const units = cut(readFileSync(path('stream')), sizes);
    const list = await packets(clip);
    const stream = units.map((data, i) => ({ data, ptsUs: list[i].ptsUs, key: list[i].key }));
    return { stream, pictures: await pictures(clip), count: list.length };
  });
}

async function packets(file) {
  const output = await run('ffprobe', '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', file);
  const lines = output.toString().trim().split('\n');
  return lines.map((line) => {
    const [time, flags] = line.split(',');
    return { ptsUs: Math.round(Number(time) * 1e6), key: flags.startsWith('K') };
  });
}

// A checksum of each decoded picture.
async function pictures(file) {
  return columns(await run('ffmpeg', '-i', file, '-fps_mode', 'passthrough', '-f', 'framemd5', '-')).map((line) => line[5]);
}

// Of framecrc and framemd5: a line for each packet or picture; columns 4 and 5 are its size and its checksum.
function columns(output) {
  const lines = output.toString().split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => line.split(',').map((column) => column.trim()));
}

// What ffmpeg reads from an MP4: {packets, pictures}.
export function demux(bytes) {
  return within(async (path) => {
    writeFileSync(path('out.mp4'), bytes);
    return { packets: await packets(path('out.mp4')), pictures: await pictures(path('out.mp4')) };
  });
}
