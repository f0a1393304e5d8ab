// play_clip.mjs FILE: plays a video file in a real Chromium, from a web server that serves it in ranges as ours would; prints what
// the <video> element says of it as JSON.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';

import { openBrowser } from './browser.mjs';

const kSeconds = 1.5; // so much is played

const file = process.argv[2];
const size = statSync(file).size;
const server = createServer((request, response) => {
  if (request.url !== '/clip.mp4') return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<video muted></video>');
  const [, from, to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [null, '0', ''];
  const [start, end] = [Number(from), to === '' ? size - 1 : Number(to)];
  response.writeHead(request.headers.range ? 206 : 200, {
    'Content-Type': 'video/mp4',
    'Accept-Ranges': 'bytes',
    'Content-Length': end - start + 1,
    ...(request.headers.range && { 'Content-Range': `bytes ${start}-${end}/${size}` }),
  });
  createReadStream(file, { start, end }).pipe(response);
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const browser = await openBrowser();
try {
  await browser.page.goto(`http://127.0.0.1:${server.address().port}/`);
  const seen = await browser.page.evaluate(async (seconds) => {
    const video = document.querySelector('video');
    const failed = new Promise((done) => video.addEventListener('error', () => done({ error: video.error.message })));
    const played = (async () => {
      video.src = '/clip.mp4';
      await video.play();
      while (video.currentTime < seconds) await new Promise((done) => setTimeout(done, 50));
      const { videoWidth: width, duration, currentTime, webkitAudioDecodedByteCount: audio } = video;
      return { width, duration, played: currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames, audio };
    })();
    return Promise.race([failed, played.catch((error) => ({ error: error.message }))]);
  }, kSeconds);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
  server.close();
}
