// The ways to decode, by name: the one table of them.

import { MjpegPlayer } from './mjpeg';
import { MsePlayer } from './mse';
import type { PathName, PictureSink, VideoPlayer } from './picture';
import { WebCodecsPlayer } from './webcodecs';

const kPlayers: Record<PathName, new (sink: PictureSink) => VideoPlayer> = {
  webcodecs: WebCodecsPlayer,
  mse: MsePlayer,
  mjpeg: MjpegPlayer,
};

export function createPlayer(path: PathName, sink: PictureSink): VideoPlayer {
  return new kPlayers[path](sink);
}
