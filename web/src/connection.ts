// One camera's WebSocket, kept open: reconnects by itself with growing pauses, at once when the network is back or the page is
// looked at again, and lets go while nobody looks (the gateway then needn't encode). If the gateway dies or hangs, the socket
// closes or goes silent; both end in a new attempt.

import { Backoff } from './backoff';

export type ConnectionState = 'connecting' | 'live' | 'silent' | 'waiting' | 'refused' | 'paused';

export interface Receiver {
  text(message: string): void;
  binary(message: ArrayBuffer): void;
  changed(): void; // the connection's state
}

const kSilent = 2000; // the gateway sends its state twice a second
const kGiveUp = 5000; // silent for so long: a new connection
const kHiddenPause = 20_000; // out of sight for so long: let go

export class Connection {
  state: ConnectionState = 'connecting';
  retryAt = 0; // when state is waiting: performance.now() of the next attempt
  private socket: WebSocket | null = null;
  private attempt = 0; // an address that comes too late is thrown away
  private over = false;
  private lastMessageAt = 0;
  private retryTimer = 0;
  private watchTimer = 0;
  private hiddenTimer = 0;
  private readonly backoff = new Backoff();

  constructor(
    private readonly url: () => Promise<string>, // asked for each attempt: what the page can play may change
    private readonly isRefused: () => Promise<boolean>, // asks the gateway whether it turns us away (401)
    private readonly receiver: Receiver,
  ) {}

  open(): void {
    this.over = false;
    window.addEventListener('online', this.retryNow);
    document.addEventListener('visibilitychange', this.visibilityChanged);
    this.watchTimer = window.setInterval(() => this.watch(), 250);
    void this.connect();
  }

  close(): void {
    this.over = true;
    window.removeEventListener('online', this.retryNow);
    document.removeEventListener('visibilitychange', this.visibilityChanged);
    window.clearInterval(this.watchTimer);
    window.clearTimeout(this.hiddenTimer);
    this.letGo();
  }

  // Nothing while there is no connection.
  send(text: string): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text);
  }

  // A new connection at once, in place of this one.
  restart(): void {
    if (this.state !== 'paused' && !this.over) void this.connect();
  }

  readonly retryNow = (): void => {
    if (this.state === 'live' || (this.state === 'connecting' && this.socket !== null)) return;
    this.backoff.reset();
    void this.connect();
  };

  private readonly visibilityChanged = (): void => {
    window.clearTimeout(this.hiddenTimer);
    if (!document.hidden) return this.retryNow();
    this.hiddenTimer = window.setTimeout(() => {
      this.letGo();
      this.enter('paused');
    }, kHiddenPause);
  };

  private async connect(): Promise<void> {
    this.letGo();
    const attempt = ++this.attempt;
    if (this.state !== 'waiting') this.enter('connecting');
    const url = await this.url();
    if (attempt !== this.attempt || this.over) return;
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      this.lastMessageAt = performance.now();
      this.backoff.reset();
      if (this.state !== 'live') this.enter('live');
      if (typeof event.data === 'string') this.receiver.text(event.data);
      else this.receiver.binary(event.data);
    };
    socket.onclose = () => void this.closed();
    this.socket = socket;
    this.lastMessageAt = performance.now();
  }

  private async closed(): Promise<void> {
    const wasLive = this.state === 'live' || this.state === 'silent';
    this.letGo();
    this.retryLater();
    if (!wasLive && (await this.isRefused()) && this.state === 'waiting') this.enter('refused');
  }

  private retryLater(): void {
    const pause = this.backoff.next();
    this.retryAt = performance.now() + pause;
    this.retryTimer = window.setTimeout(() => void this.connect(), pause);
    this.enter('waiting');
  }

  private watch(): void {
    if (this.socket === null) return;
    const silentFor = performance.now() - this.lastMessageAt;
    if (silentFor > kGiveUp) {
      this.letGo();
      this.retryLater();
    } else if (silentFor > kSilent && this.state === 'live') {
      this.enter('silent');
    }
  }

  private letGo(): void {
    this.attempt++;
    window.clearTimeout(this.retryTimer);
    if (this.socket === null) return;
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
  }

  private enter(state: ConnectionState): void {
    this.state = state;
    this.receiver.changed();
  }
}
