// Everything the page knows of one camera: its connection, its player and the last of each message. The UI reads it a few times
// a second through view(); it never writes here.

import { Connection, type ConnectionState } from './connection';
import { fetchCameras, socketUrl } from './gateway';
import { Health, Inputs, type InputHealth, type StageHealth } from './health';
import { Player, type Shown } from './player';
import { parseMessage, parsePicture, type CameraEvent, type Hello, type Message, type State } from './protocol';

const kMostEvents = 20;
const kNoPicture = 2000; // a picture that stands for so long is marked as old

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
  pictureAgeMs: number | null;
  noPictureForMs: number; // since the last one came, or since we wait for the first
  events: readonly CameraEvent[]; // newest first
}

export class CameraSession {
  readonly player = new Player();
  private readonly connection: Connection;
  private readonly health = new Health();
  private readonly inputs = new Inputs();
  private hello: Hello | null = null;
  private state: State | null = null;
  private stateAt = 0;
  private events: CameraEvent[] = [];
  private readonly startedAt = performance.now();

  constructor(
    readonly camera: string,
    private readonly changed: () => void,
    private readonly reconnected: () => void,
  ) {
    const isRefused = async () => (await fetchCameras()).kind === 'refused';
    this.connection = new Connection(socketUrl(camera), isRefused, {
      text: (message) => this.receiveText(message),
      binary: (message) => this.receivePicture(message),
      changed: () => this.connectionChanged(),
    });
  }

  open(): void {
    this.connection.open();
  }

  close(): void {
    this.connection.close();
    this.player.detach();
    this.player.restart();
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
    const noPictureForMs = now - (player.lastPictureAt ?? this.startedAt);
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
      pictureAgeMs: shown === null || frozen ? null : shown.capturedAge,
      noPictureForMs,
      events: this.events,
    };
  }

  private staleAfterMs(): number {
    return this.hello?.staleAfterMs ?? 1500;
  }

  private connectionChanged(): void {
    if (this.connection.state === 'waiting' || this.connection.state === 'paused') {
      this.state = null;
      this.health.clear();
      this.inputs.clear();
    }
    this.changed();
  }

  private receivePicture(message: ArrayBuffer): void {
    const picture = parsePicture(message);
    if (picture === null) return;
    this.health.sawLife('capture', picture.ageMs, performance.now());
    this.player.addPicture(picture);
  }

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
    this.player.restart();
    this.player.staleAfterMs = hello.staleAfterMs;
    this.player.look = { ...this.player.look, classes: hello.classes };
    this.events = []; // the last ones follow
    if (again) this.reconnected();
    this.changed();
  }
}
