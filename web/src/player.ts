// Decodes pictures and shows them with their boxes: one player per camera and canvas. Owned by a CameraSession; everything runs
// on the page's main thread, drawing in animation frames. Nothing is decoded or drawn while the page is out of sight.

import { DetectionStore, Lag, choosePicture, type Overlay, type Waiting } from './matching';
import { paint, type Look } from './painter';
import type { Detections, Picture } from './protocol';

interface Decoded extends Waiting {
  bitmap: ImageBitmap;
  ageMs: number; // when it was received
}

const kMostWaiting = 12; // pictures held back for their boxes: more than 150 ms at 60 fps

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
  detecting = false; // set by the session: the detector is alive
  staleAfterMs = 1500;
  look: Look = { classes: [], boxes: true };
  private canvas: HTMLCanvasElement | null = null;
  private readonly store = new DetectionStore();
  private readonly lag = new Lag();
  private queue: Decoded[] = [];
  private current: Decoded | null = null;
  private lastExactAt = -Infinity;
  private newestId = -1;
  private shownId = -1; // decoding may end out of order: never go back
  private generation = 0; // a decoding that ends in another one is thrown away
  private drawTimes: number[] = [];
  private scheduled = false;
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
    for (const picture of this.queue.splice(0)) picture.bitmap.close();
    this.store.clear();
    this.lag.clear();
    this.newestId = -1;
    this.shownId = -1;
  }

  async addPicture(picture: Picture): Promise<void> {
    const receivedAt = performance.now();
    this.lastPictureAt = receivedAt;
    if (document.hidden) return;
    if (picture.frameId < this.newestId) this.restart(); // the camera's topic began anew
    this.newestId = picture.frameId;
    const { frameId, capturedAtMs, ageMs } = picture;
    this.lag.pictureCame(frameId, receivedAt, this.store.find(frameId) !== undefined);
    const generation = this.generation;
    const bitmap = await createImageBitmap(new Blob([picture.jpeg], { type: 'image/jpeg' })).catch(() => null);
    if (bitmap === null) return;
    if (generation !== this.generation || frameId <= this.shownId) return bitmap.close();
    this.queue.push({ frameId, capturedAtMs, receivedAt, ageMs, bitmap });
    this.queue.sort((a, b) => a.frameId - b.frameId);
    if (this.queue.length > kMostWaiting) this.queue.shift()?.bitmap.close();
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

  private schedule(): void {
    if (this.scheduled || this.queue.length === 0) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.step(performance.now());
      this.schedule();
    });
  }

  private step(now: number): void {
    const { detecting, lastExactAt } = this;
    const { show, drop } = choosePicture(this.queue, this.store, { now, waitMs: this.lag.wait(), detecting, lastExactAt });
    for (const picture of this.queue.splice(0, drop)) picture.bitmap.close();
    if (show < 0) return;
    const picture = this.queue.shift()!;
    if (this.current !== null && this.current.bitmap !== picture.bitmap) this.current.bitmap.close();
    this.current = picture;
    this.shownId = picture.frameId;
    this.drawTimes.push(now);
    this.draw(picture);
  }

  private draw(picture: Decoded): void {
    const now = performance.now();
    const overlay = this.store.overlayFor(picture, this.staleAfterMs);
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
