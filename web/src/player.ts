// Decodes pictures and shows them with their boxes: one player per camera and canvas. Owned by a CameraSession; everything runs
// on the page's main thread, drawing in animation frames. Nothing is decoded or drawn while the page is out of sight.

import { DetectionStore, Lag, choosePicture, type Overlay, type Waiting } from './matching';
import { paint, type Look } from './painter';
import type { Detections, Picture } from './protocol';

interface Received extends Waiting {
  picture: Picture;
}

interface OnScreen extends Waiting {
  bitmap: ImageBitmap;
  ageMs: number; // when it was received
}

const kMostWaiting = 32; // compressed pictures held back for their boxes: more than kWaitAtMost at 60 fps

export interface Shown {
  frameId: number;
  width: number;
  height: number;
  capturedAge: number; // its age when it was drawn
  drawnAt: number;
  overlay: Overlay | null;
}

export class Player {
  shown: Shown | null = null;
  lastPictureAt: number | null = null; // when one was last received
  detecting = false; // set by the session: the detector is alive and looks
  still = false; // and: nothing moves, so that it need not
  staleAfterMs = 1500;
  look: Look = { classes: [], boxes: true };
  private canvas: HTMLCanvasElement | null = null;
  private readonly store = new DetectionStore();
  private readonly lag = new Lag();
  private queue: Received[] = [];
  private current: OnScreen | null = null;
  private lastExactAt = -Infinity;
  private newestId = -1;
  private generation = 0; // a decoding that ends in another one is thrown away
  private drawTimes: number[] = [];
  private busy = false; // an animation frame is asked for or a picture is being decoded
  private readonly resized = new ResizeObserver(() => this.redraw());

  attach(canvas: HTMLCanvasElement): void {
    this.canvas = canvas;
    this.resized.observe(canvas);
  }

  detach(): void {
    this.resized.disconnect();
    this.canvas = null;
  }

  // A new connection: nothing of the last one is compared with what comes now. The last picture stays on the screen.
  restart(): void {
    this.generation++;
    this.queue = [];
    this.store.clear();
    this.lag.clear();
    this.newestId = -1;
  }

  addPicture(picture: Picture): void {
    const receivedAt = performance.now();
    this.lastPictureAt = receivedAt;
    if (document.hidden) return;
    if (picture.frameId < this.newestId) this.restart(); // the camera's topic began anew
    this.newestId = picture.frameId;
    const { frameId, capturedAtMs } = picture;
    this.lag.pictureCame(frameId, receivedAt, this.store.find(frameId) !== undefined);
    this.queue.push({ frameId, capturedAtMs, receivedAt, picture });
    if (this.queue.length > kMostWaiting) this.queue.shift();
    this.schedule();
  }

  addDetections(record: Detections): void {
    this.store.add(record);
    this.lag.boxesCame(record.frameId, performance.now());
    if (this.current?.frameId === record.frameId) this.redraw();
    this.schedule();
  }

  // Pictures shown per second over the last two.
  shownFps(now: number): number {
    this.drawTimes = this.drawTimes.filter((at) => now - at < 2000);
    return this.drawTimes.length / 2;
  }

  redraw(): void {
    if (this.current !== null) this.draw(this.current);
  }

  // One picture at a time: chosen in an animation frame, decoded, drawn. Those that are left out are never decoded.
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
    const { detecting, lastExactAt } = this;
    const { show, drop } = choosePicture(this.queue, this.store, { now, waitMs: this.lag.wait(), detecting, lastExactAt });
    this.queue.splice(0, drop);
    const next = show < 0 ? undefined : this.queue.shift();
    if (next === undefined) return;
    const { picture, frameId, capturedAtMs, receivedAt } = next;
    const generation = this.generation;
    const bitmap = await createImageBitmap(new Blob([picture.jpeg], { type: 'image/jpeg' })).catch(() => null);
    if (bitmap === null) return;
    if (generation !== this.generation) return bitmap.close();
    this.current?.bitmap.close();
    this.current = { frameId, capturedAtMs, receivedAt, bitmap, ageMs: picture.ageMs };
    this.drawTimes.push(performance.now());
    this.draw(this.current);
  }

  private draw(picture: OnScreen): void {
    const now = performance.now();
    const overlay = this.store.overlayFor(picture, this.staleAfterMs, this.still);
    if (overlay?.exact === true) this.lastExactAt = now;
    const { width, height } = picture.bitmap;
    if (this.shown?.frameId !== picture.frameId) {
      const capturedAge = picture.ageMs + (now - picture.receivedAt);
      this.shown = { frameId: picture.frameId, width, height, capturedAge, drawnAt: now, overlay };
    } else {
      this.shown.overlay = overlay;
    }
    if (this.canvas !== null) paint(this.canvas, picture.bitmap, picture.frameId, overlay, this.look);
  }
}
