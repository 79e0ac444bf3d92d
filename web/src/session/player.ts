/** The recording on the session's clock. */
import { signal } from "@preact/signals";
import type { Face } from "./face";

export class Player {
  element: HTMLMediaElement | null = null;
  /** Milliseconds between the session's zero and the recording's. */
  offset = 0;
  readonly time = signal(0);
  readonly playing = signal(false);
  readonly muted = signal(false);
  readonly rate = signal(1);
  /** The client's face in the current clip, as far as it is known. */
  readonly face = signal<Face | null>(null);
  /** Whether the face alone is to be shown. */
  readonly close = signal(false);
  private queue: [number, number][] = [];
  private atEnd: (() => void) | null = null;
  private frame = 0;
  /** Where to go, and whether to play, once the recording is there. */
  private pending: number | null = null;
  private waiting = false;

  constructor(readonly start: number, readonly end: number) {
    this.time.value = start;
  }

  attach(element: HTMLMediaElement | null, offset: number) {
    if (this.element === element) return;
    this.element = element;
    this.offset = offset;
    if (!element) return;
    element.addEventListener("play", () => ((this.playing.value = true), this.follow()));
    element.addEventListener("pause", () => (this.playing.value = false));
    element.addEventListener("seeked", () => this.look());
    element.addEventListener("loadedmetadata", () => this.arrived());
    this.pending ??= this.time.value;
    if (element.readyState > 0) this.arrived();
  }

  private arrived() {
    if (!this.element) return;
    this.element.muted = this.muted.value;
    this.element.playbackRate = this.rate.value;
    const to = this.pending;
    this.pending = null;
    if (to !== null) this.seek(to);
    if (this.waiting) void this.element.play().catch(() => undefined);
    this.waiting = false;
  }

  private look() {
    if (this.element && this.pending === null) this.time.value = this.element.currentTime * 1000 + this.offset;
  }

  /** While it plays: once per picture of the screen. */
  private follow = () => {
    if (!this.playing.value || !this.element) return;
    this.look();
    const part = this.queue[0];
    if (part && this.time.value >= part[1]) {
      this.queue.shift();
      const next = this.queue[0];
      if (next) this.seek(next[0]);
      else {
        this.element.pause();
        const end = this.atEnd;
        this.atEnd = null;
        end?.();
        return;
      }
    }
    this.frame = requestAnimationFrame(this.follow);
  };

  seek(ms: number) {
    const to = Math.min(this.end, Math.max(this.start, ms));
    this.time.value = to;
    if (!this.element || this.element.readyState === 0) this.pending = to;
    else this.element.currentTime = Math.max(0, (to - this.offset) / 1000);
  }

  toggle() {
    this.stopClip();
    if (this.playing.value) this.element?.pause();
    else void this.element?.play().catch(() => undefined);
  }

  pause() {
    this.stopClip();
    this.element?.pause();
  }

  setMuted(on: boolean) {
    this.muted.value = on;
    if (this.element) this.element.muted = on;
  }

  setRate(rate: number) {
    this.rate.value = rate;
    if (this.element) this.element.playbackRate = rate;
  }

  /** Plays stretches one after another and stops. */
  clip(parts: [number, number][], muted: boolean, atEnd?: () => void) {
    if (!parts.length) return;
    this.queue = parts.map((part) => [...part]);
    this.atEnd = atEnd ?? null;
    this.setMuted(muted);
    this.seek(parts[0][0]);
    if (this.pending !== null) this.waiting = true;
    else void this.element?.play().catch(() => undefined);
  }

  stopClip() {
    this.queue = [];
    this.atEnd = null;
  }

  end_() {
    cancelAnimationFrame(this.frame);
    this.stopClip();
    this.element?.pause();
  }
}
