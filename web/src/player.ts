// Shows pictures with their boxes: one player per camera and canvas, whichever way the pictures come. Owned by a CameraSession;
// everything runs on the page's main thread, drawing in animation frames. Nothing is drawn while the page is out of sight.

import type { GatewayClock } from './clock';
import { AnnotationStore, Lag, choosePicture, type Matching, type Overlay } from './matching';
import { paint, type Look } from './painter';
import type { Detections, Tracks } from './protocol';
import type { Image, LivePicture } from './video/picture';

interface OnScreen {
  frameId: number;
  capturedAtMs: number;
  receivedAt: number;
  image: Image;
}

// Held back for their boxes: more than kWaitAtMost at 60 fps where they are compressed. Of decoded ones a decoder has only so many.
const kMostCompressed = 32;
const kMostDecoded = 10;

export interface Shown {
  frameId: number;
  capturedAtMs: number; // gateway's clock
  width: number;
  height: number;
  latencyMs: number | null; // from its capture to when it was drawn; null: the gateway's clock isn't known
  drawnAt: number;
  overlay: Overlay | null;
}

export class Player {
  shown: Shown | null = null;
  detecting = false; // set by the session: the detector is alive and looks
  still = false; // and: nothing moves, so that it need not
  staleAfterMs = 1500;
  decoded = false; // the pictures that wait hold a decoder's memory
  matching: Matching = 'auto';
  look: Look = { classes: [], boxes: true, zones: true, places: [] };
  private canvas: HTMLCanvasElement | null = null;
  private readonly store = new AnnotationStore();
  private readonly lag = new Lag();
  private queue: LivePicture[] = []; // in the order of showing
  private current: OnScreen | null = null;
  private newest: { frameId: number; capturedAtMs: number } | null = null; // that was added
  private lastExactAt = -Infinity;
  private generation = 0; // a decoding that ends in another one is thrown away
  private drawTimes: number[] = [];
  private busy = false; // an animation frame is asked for or a picture is being decoded
  private readonly resized = new ResizeObserver(() => this.redraw());

  constructor(private readonly clock: GatewayClock) {}

  attach(canvas: HTMLCanvasElement): void {
    this.canvas = canvas;
    this.resized.observe(canvas);
    this.redraw();
  }

  detach(): void {
    this.resized.disconnect();
    this.canvas = null;
  }

  // A new connection: nothing of the last one is compared with what comes now. The last picture stays on the screen.
  restart(): void {
    this.forgetPictures();
    this.store.clear();
    this.lag.clear();
    this.newest = null;
  }

  // Another decoder goes on: its pictures come anew.
  forgetPictures(): void {
    this.generation++;
    this.queue.forEach((picture) => picture.drop());
    this.queue = [];
  }

  // Gives all memory of pictures back.
  close(): void {
    this.restart();
    this.current?.image.close();
    this.current = null;
  }

  addPicture(picture: LivePicture): void {
    if (document.hidden) return picture.drop();
    const { frameId, capturedAtMs } = picture;
    if (this.newest !== null && frameId <= this.newest.frameId) {
      // The camera's topic began anew, or another decoder was given the packets from the last keyframe on.
      if (capturedAtMs <= this.newest.capturedAtMs) return picture.drop();
      this.restart();
    }
    this.newest = { frameId, capturedAtMs };
    this.lag.pictureCame(frameId, picture.receivedAt, this.store.complete(frameId));
    this.queue.push(picture);
    if (this.queue.length > 2 * this.most()) this.queue.shift()!.drop();
    this.schedule();
  }

  addDetections(record: Detections): void {
    this.store.addDetections(record);
    this.annotated(record.frameId);
  }

  addTracks(record: Tracks): void {
    this.store.addTracks(record);
    this.annotated(record.frameId);
  }

  // Pictures shown per second over the last two.
  shownFps(now: number): number {
    this.drawTimes = this.drawTimes.filter((at) => now - at < 2000);
    return this.drawTimes.length / 2;
  }

  redraw(): void {
    if (this.current !== null) this.draw(this.current);
  }

  private most(): number {
    return this.decoded ? kMostDecoded : kMostCompressed;
  }

  private annotated(frameId: number): void {
    if (this.store.complete(frameId)) this.lag.boxesCame(frameId, performance.now());
    if (this.current?.frameId === frameId) this.redraw();
    this.schedule();
  }

  // One picture at a time: chosen in an animation frame, decoded if it isn't yet, drawn. Those that are left out never are.
  private schedule(): void {
    if (this.busy || this.queue.length === 0) return;
    this.busy = true;
    requestAnimationFrame(() => {
      void this.step(performance.now()).finally(() => {
        this.busy = false;
        this.schedule();
      });
    });
  }

  private async step(now: number): Promise<void> {
    const { matching, detecting, lastExactAt } = this;
    const options = { matching, now, waitMs: this.lag.wait(), detecting, lastExactAt, most: this.most() };
    const { show, drop } = choosePicture(this.queue, this.store, options);
    this.queue.splice(0, drop).forEach((picture) => picture.drop());
    const next = show < 0 ? undefined : this.queue.shift();
    if (next === undefined) return;
    const { frameId, capturedAtMs, receivedAt } = next;
    const generation = this.generation;
    const image = await next.image();
    if (image === null) return;
    if (generation !== this.generation) return image.close();
    this.current?.image.close();
    this.current = { frameId, capturedAtMs, receivedAt, image };
    this.drawTimes.push(performance.now());
    this.draw(this.current);
  }

  private draw(picture: OnScreen): void {
    const now = performance.now();
    const { matching, staleAfterMs, still } = this;
    const overlay = this.store.overlayFor(picture, { matching, staleAfterMs, still });
    if (overlay?.kind === 'exact') this.lastExactAt = now;
    const { frameId, capturedAtMs, image } = picture;
    if (this.shown?.frameId !== frameId) {
      const captured = this.clock.toPage(capturedAtMs);
      const latencyMs = captured === null ? null : Math.max(0, now - captured);
      this.shown = { frameId, capturedAtMs, width: image.width, height: image.height, latencyMs, drawnAt: now, overlay };
    } else {
      this.shown.overlay = overlay;
    }
    if (this.canvas !== null) paint(this.canvas, image, { frameId, capturedAtMs, overlay }, this.look);
  }
}
