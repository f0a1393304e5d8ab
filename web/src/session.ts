// Everything the page knows of one camera: its connection, its clock, its pictures and the last of each message. The UI reads it a few times
// a second through view(); it never writes here.

import { tellTurnedAway } from './api';
import { Connection, type ConnectionState } from './connection';
import { GatewayClock } from './clock';
import { fetchCameras, fetchPlaces, socketUrl } from './gateway';
import { Health, Inputs, type InputHealth, type StageHealth } from './health';
import type { Matching } from './matching';
import { parseBinary, type Packet, type Picture } from './media';
import { Player, type Shown } from './player';
import { parseMessage, type CameraEvent, type Hello, type Message, type State } from './protocol';
import { VideoFeed, type Running } from './video/feed';
import { Paths, forcedPath } from './video/paths';
import { createPlayer } from './video/players';

const kMostEvents = 20;
const kNoPicture = 2000; // a picture that stands for so long is marked as old
const kFirstPings = 5; // quickly one after the other: one of them finds the line free
const kFirstPingEvery = 200;
const kPingEvery = 5000;

// A consistent picture of the session at one moment.
export interface View {
  connection: ConnectionState;
  retryInMs: number;
  hello: Hello | null;
  state: State | null; // null while there is no connection: nothing old is shown as current
  modeForMs: number | null;
  still: boolean; // nothing moves: the model is spared
  stages: StageHealth[];
  inputs: InputHealth[];
  shown: Shown | null; // what is on the screen, also when it is old
  frozen: boolean; // it is old
  shownFps: number;
  latencyMs: number | null; // of the picture on the screen: from its capture to when it was drawn
  latencyErrorMs: number | null; // by how much that may be wrong
  running: Running | null; // how pictures are decoded, and why so
  noPictureForMs: number; // since the last one came, or since we wait for the first
  events: readonly CameraEvent[]; // newest first
}

// What the visitor wants to see.
export interface Viewing {
  boxes: boolean;
  zones: boolean;
  matching: Matching;
}

export class CameraSession {
  readonly clock = new GatewayClock();
  readonly player = new Player(this.clock);
  private readonly feed: VideoFeed;
  private readonly connection: Connection;
  private readonly health = new Health();
  private readonly inputs = new Inputs();
  private hello: Hello | null = null;
  private state: State | null = null;
  private stateAt = 0;
  private events: CameraEvent[] = [];
  private lastPictureAt: number | null = null; // when one was last received
  private pings = 0;
  private pingTimer = 0;
  private placesAsked = false;
  private readonly startedAt = performance.now();

  constructor(
    readonly camera: string,
    private readonly changed: () => void,
    private readonly reconnected: () => void,
  ) {
    this.feed = new VideoFeed(new Paths(forcedPath(location.search)), createPlayer, {
      picture: (picture) => this.player.addPicture(picture),
      playerChanged: (running) => {
        this.player.forgetPictures();
        this.player.decoded = running.path !== 'mjpeg';
        this.changed();
      },
      reconnect: () => this.connection.restart(),
    });
    const url = async () => socketUrl(camera, await this.feed.codecs());
    const isRefused = async () => {
      const refused = (await fetchCameras()).kind === 'refused';
      if (refused) tellTurnedAway();
      return refused;
    };
    this.connection = new Connection(url, isRefused, {
      text: (message) => this.receiveText(message),
      binary: (message) => this.receiveBinary(message),
      changed: () => this.connectionChanged(),
    });
  }

  open(): void {
    document.addEventListener('visibilitychange', this.visibilityChanged);
    this.connection.open();
  }

  close(): void {
    document.removeEventListener('visibilitychange', this.visibilityChanged);
    window.clearTimeout(this.pingTimer);
    this.connection.close();
    this.feed.restart();
    this.player.detach();
    this.player.close();
  }

  show(viewing: Viewing): void {
    const { player } = this;
    player.matching = viewing.matching;
    player.look = { ...player.look, boxes: viewing.boxes, zones: viewing.zones };
    player.redraw();
  }

  // Zones and lines: when the first picture is there, and when they were changed.
  async reloadPlaces(): Promise<void> {
    const places = await fetchPlaces(this.camera);
    this.player.look = { ...this.player.look, places };
    this.player.redraw();
  }

  retryNow(): void {
    this.connection.retryNow();
  }

  view(now: number): View {
    const { player, connection, hello } = this;
    const state = connection.state === 'live' ? this.state : null;
    const stages = this.health.at(now, this.staleAfterMs());
    const detectorLives = stages.some((stage) => stage.name === 'detect' && stage.status === 'ok');
    const still = detectorLives && state?.still === true;
    player.detecting = detectorLives && !still;
    player.still = still;
    const shown = player.shown;
    const noPictureForMs = now - (this.lastPictureAt ?? this.startedAt);
    const frozen = noPictureForMs > kNoPicture;
    return {
      connection: connection.state,
      retryInMs: Math.max(0, connection.retryAt - now),
      hello,
      state,
      modeForMs: state?.modeSinceMs == null ? null : state.modeSinceMs + (now - this.stateAt),
      still,
      stages,
      inputs: this.inputs.at(now, this.staleAfterMs()),
      shown,
      frozen,
      shownFps: player.shownFps(now),
      latencyMs: shown === null || frozen ? null : shown.latencyMs,
      latencyErrorMs: this.clock.errorMs(),
      running: this.feed.running,
      noPictureForMs,
      events: this.events,
    };
  }

  private staleAfterMs(): number {
    return this.hello?.staleAfterMs ?? 1500;
  }

  private connectionChanged(): void {
    if (this.connection.state === 'waiting' || this.connection.state === 'paused') {
      window.clearTimeout(this.pingTimer);
      this.state = null;
      this.health.clear();
      this.inputs.clear();
    }
    if (this.connection.state === 'paused') this.feed.restart(); // no decoder for nobody
    this.changed();
  }

  private readonly visibilityChanged = (): void => {
    if (!document.hidden) this.feed.resume();
  };

  private receiveBinary(message: ArrayBuffer): void {
    const parsed = parseBinary(message);
    if (parsed === null) return;
    const now = performance.now();
    this.lastPictureAt = now;
    this.health.sawLife('capture', this.ageOf(parsed, now), now);
    this.feed.add(parsed, now);
    if (this.player.shown === null || this.placesAsked) return;
    this.placesAsked = true;
    void this.reloadPlaces();
  }

  // How old what has just come was when it came.
  private ageOf(message: Packet | Picture, now: number): number {
    const sent = message.type === 'frame' ? message.ageMs : null;
    if (sent !== null) this.clock.sawAge(message.capturedAtMs, sent, now);
    const capturedAt = this.clock.toPage(message.capturedAtMs);
    return sent ?? (capturedAt === null ? 0 : Math.max(0, now - capturedAt));
  }

  private readonly ping = (): void => {
    window.clearTimeout(this.pingTimer);
    this.connection.send(JSON.stringify(this.clock.ping(performance.now())));
    this.pingTimer = window.setTimeout(this.ping, ++this.pings < kFirstPings ? kFirstPingEvery : kPingEvery);
  };

  private receiveText(text: string): void {
    const message = parseMessage(text);
    if (message !== null) this.receive(message, performance.now());
  }

  private receive(message: Message, now: number): void {
    switch (message.type) {
      case 'hello':
        return this.receiveHello(message);
      case 'detections':
        this.health.sawLife('detect', 0, now);
        return this.player.addDetections(message);
      case 'tracks':
        return this.player.addTracks(message);
      case 'video':
        return this.feed.announce(message);
      case 'pong':
        return this.clock.pong(message.id, message.nowMs, now);
      case 'state': {
        const modeChanged = this.state?.mode !== message.mode;
        this.state = message;
        this.stateAt = now;
        this.health.report(message.stages, now);
        this.inputs.report(message.inputs, now);
        if (modeChanged) this.changed();
        return;
      }
      case 'event':
        this.events = [message, ...this.events.filter((event) => event.id !== message.id)]
          .sort((a, b) => b.wallMs - a.wallMs || b.id - a.id)
          .slice(0, kMostEvents);
        return this.changed();
    }
  }

  private receiveHello(hello: Hello): void {
    const again = this.hello !== null;
    this.hello = hello;
    this.feed.restart();
    this.player.restart();
    this.clock.clear();
    this.pings = 0;
    this.ping();
    this.player.staleAfterMs = hello.staleAfterMs;
    this.player.look = { ...this.player.look, classes: hello.classes };
    this.events = []; // the last ones follow
    if (again) this.reconnected();
    this.changed();
  }
}
