// From what the gateway sends to pictures: chooses the way to decode, keeps the packets since the last keyframe so that another
// decoder can go on at once, and falls to the next way when one fails. Owned by a CameraSession, on the page's main thread.

import type { Codec, Packet, Picture, Video } from '../media';
import { pathName, type Chosen, type Paths } from './paths';
import type { LivePicture, PathName, PictureSink, VideoPlayer } from './picture';

const kMostBytes = 24 * 1024 * 1024; // of a keyframe interval; a longer one is waited for anew
const kMostPackets = 1200;
const kNoPictures = 8000; // ms of packets without a picture: it doesn't work, whatever it says

// What runs, for people.
export interface Running {
  path: PathName;
  why: string; // this page's reason; '': it is the first choice
  video: Video | null; // what the gateway said; null: it says nothing (an older one)
}

export interface FeedOwner {
  picture(picture: LivePicture): void;
  playerChanged(running: Running): void; // pictures come anew from the last keyframe on
  reconnect(): void; // nothing here plays this codec: ask for others
}

interface Received {
  packet: Packet;
  receivedAt: number;
}

export class VideoFeed {
  running: Running | null = null;
  private player: VideoPlayer | null = null;
  private video: Video | null = null;
  private packets: Received[] = []; // since the last keyframe
  private bytes = 0;
  private choice = 0; // an answer to an older question is thrown away
  private choosing = false;
  private given = 0; // so many of them were given to the player
  private missed = false; // it wasn't given all that came
  private waitingSince: number | null = null; // when the player was given its first packet, until a picture comes

  constructor(
    private readonly paths: Paths,
    private readonly create: (path: PathName, sink: PictureSink) => VideoPlayer,
    private readonly owner: FeedOwner,
  ) {}

  // What to ask the gateway for.
  codecs(): Promise<Codec[]> {
    return this.paths.codecs();
  }

  // A new connection, or none any more.
  restart(): void {
    this.choice++;
    this.choosing = false;
    this.closePlayer();
    this.forget();
    this.video = null;
  }

  // Of a newly opened connection or one whose pictures now come another way.
  announce(video: Video): void {
    this.video = video;
    if (video.codec === 'mjpeg') this.forget();
    this.choose(video);
  }

  add(message: Packet | Picture, now: number): void {
    if (message.type === 'frame') {
      if (this.player === null && !this.choosing) this.play({ path: 'mjpeg', why: '' });
      return this.player?.add(message, now);
    }
    this.keep({ packet: message, receivedAt: now });
    if (this.video === null) this.announce(unannounced(message));
    if (this.choosing || this.player === null || document.hidden) this.missed = true;
    else if (this.missed) this.catchUp();
    else this.give({ packet: message, receivedAt: now });
  }

  // The page is looked at again: what came meanwhile was kept, not decoded.
  resume(): void {
    if (this.missed && !this.choosing && this.player !== null) this.catchUp();
  }

  private keep(received: Received): void {
    if (received.packet.key) this.forget();
    else if (this.packets.length === 0) return; // nothing that it refers to
    this.packets.push(received);
    this.bytes += received.packet.data.length;
    if (this.bytes > kMostBytes || this.packets.length > kMostPackets) this.forget();
  }

  private forget(): void {
    this.packets = [];
    this.bytes = 0;
    this.given = 0;
  }

  private choose(video: Video): void {
    const choice = ++this.choice;
    this.choosing = true;
    void this.paths.choose(video).then((chosen) => {
      if (choice !== this.choice) return;
      this.choosing = false;
      this.chosen(chosen);
    });
  }

  private chosen({ path, why }: Chosen): void {
    if (path === null) return this.owner.reconnect();
    if (this.player?.path === path && this.running?.video?.codec === this.video?.codec) {
      this.running = { path, why, video: this.video };
      return this.resume();
    }
    this.play({ path, why });
    this.catchUp();
  }

  private play({ path, why }: { path: PathName; why: string }): void {
    this.closePlayer();
    this.given = 0;
    this.running = { path, why, video: this.video };
    const player = this.create(path, {
      picture: (picture) => {
        if (player !== this.player) return picture.drop();
        this.waitingSince = null;
        this.owner.picture(picture);
      },
      failed: (reason) => player === this.player && this.failed(path, reason),
    });
    this.player = player;
    this.owner.playerChanged(this.running);
  }

  // What the player hasn't got since the last keyframe.
  private catchUp(): void {
    if (this.player === null || this.player.path === 'mjpeg') return;
    this.waitingSince = null;
    for (const received of this.packets.slice(this.given)) this.give(received);
    this.missed = this.packets.length === 0; // a keyframe must come first
  }

  private give(received: Received): void {
    const { player } = this;
    if (player === null) return;
    this.given++;
    this.waitingSince ??= received.packet.key ? performance.now() : null;
    player.add(received.packet, received.receivedAt);
    const waited = this.waitingSince === null ? 0 : performance.now() - this.waitingSince;
    if (waited > kNoPictures && player === this.player) this.failed(player.path, `${pathName(player.path)} gave no pictures`);
  }

  private failed(path: PathName, reason: string): void {
    this.closePlayer();
    this.missed = true;
    if (path !== 'mjpeg') this.paths.fail(path, reason);
    if (this.video !== null) this.choose(this.video);
  }

  private closePlayer(): void {
    this.waitingSince = null;
    this.player?.close();
    this.player = null;
  }
}

// A stream that nobody has said anything about.
function unannounced({ codec, width, height }: Packet): Video {
  return { type: 'video', path: 'packets', source: 'camera', codec, codecString: '', width, height, why: '' };
}
