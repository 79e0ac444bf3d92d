/** Draws the timeline: one canvas, redrawn only when what it shows changes; the playhead is a line of its own above it. */
import { clock } from "../state";
import { S, who } from "../strings";
import type { Coding, Curve, View } from "../types";
import type { Tiles } from "./tiles";

export type Marked = { start_ms: number; end_ms: number; label: string; tone: "own" | "other" | "clip" | "now" | "memo" };
export type Row = { kind: "ruler" | "sound" | "speech" | "events" | "curve" | "codes" | "clips"; height: number; label: string; curve?: number; who?: string };

export const GUTTER = 148;

export class Timeline {
  from: number;
  to: number;
  rows: Row[] = [];
  tiles: Tiles | null = null;
  codings: Coding[] = [];
  clips: Marked[] = [];
  /** What the current clip plays, padding included. */
  watch: [number, number][] = [];
  mark: { start: number; end: number } | null = null;
  turn: number | null = null;
  shownCurves: string[] = [];
  drawn = 0;
  private dirty = 0;
  private colours: Record<string, string> = {};
  private hatch: CanvasPattern | null = null;

  constructor(readonly canvas: HTMLCanvasElement, readonly view: View, readonly word: (code: string) => string, readonly polarity: (code: string) => string) {
    this.from = view.start_ms;
    this.to = view.end_ms;
  }

  /** Which rows there are, from what may be shown. */
  layout() {
    const rows: Row[] = [{ kind: "ruler", height: 20, label: "" }];
    const { list } = this.view.curves;
    list.forEach((curve, at) => {
      if (curve.group === "sound" && (curve.who === "room" || !list.some((c) => c.group === "sound" && c.who === "room")))
        rows.push({ kind: "sound", height: 34, label: list.length > 1 && curve.who !== "room" ? who(curve.who) : S.curves.loudness, curve: at });
    });
    const speakers = [...new Set(this.view.speech.map((s) => s[0]))].sort();
    for (const speaker of speakers) rows.push({ kind: "speech", height: 15, label: who(speaker), who: speaker });
    if (this.clips.length) rows.push({ kind: "clips", height: 17, label: S.flags.title });
    rows.push({ kind: "codes", height: 8 + 15 * Math.max(1, this.lanes().length), label: S.blind.all });
    if (this.view.measured) {
      rows.push({ kind: "events", height: 15, label: S.session.silences, who: "aud" });
      list.forEach((curve, at) => {
        if (this.shownCurves.includes(key(curve))) rows.push({ kind: "curve", height: 26, label: `${S.curves[curve.name] ?? curve.name}`, curve: at, who: curve.who });
      });
    }
    this.rows = rows;
    const height = rows.reduce((sum, row) => sum + row.height + 3, 4);
    if (this.canvas.style.height !== `${height}px`) this.canvas.style.height = `${height}px`;
    this.redraw();
  }

  private lanes(): Coding[][] {
    const lanes: Coding[][] = [];
    for (const coding of [...this.codings].sort((a, b) => a.start_ms - b.start_ms)) {
      const lane = lanes.find((lane) => lane[lane.length - 1].end_ms <= coding.start_ms);
      if (lane) lane.push(coding);
      else if (lanes.length < 5) lanes.push([coding]);
    }
    return lanes;
  }

  get width() {
    return this.canvas.clientWidth - GUTTER;
  }
  get msPerPx() {
    return (this.to - this.from) / Math.max(1, this.width);
  }
  x(ms: number) {
    return GUTTER + (ms - this.from) / this.msPerPx;
  }
  ms(x: number) {
    return this.from + (x - GUTTER) * this.msPerPx;
  }

  /** Zooms around a moment; at most 1 ms a pixel. */
  zoom(factor: number, around: number) {
    const whole = this.view.end_ms - this.view.start_ms;
    const wide = Math.min(whole, Math.max(this.width, (this.to - this.from) * factor));
    const share = (around - this.from) / (this.to - this.from);
    this.show(around - wide * Math.min(1, Math.max(0, share)), wide);
  }

  show(from: number, wide = this.to - this.from) {
    const { start_ms, end_ms } = this.view;
    wide = Math.min(wide, end_ms - start_ms);
    this.from = Math.min(Math.max(from, start_ms), end_ms - wide);
    this.to = this.from + wide;
    this.redraw();
  }

  follow(ms: number) {
    if (ms < this.from || ms > this.to) this.show(ms - (this.to - this.from) * 0.1);
  }

  redraw() {
    if (!this.dirty) this.dirty = requestAnimationFrame(() => ((this.dirty = 0), this.draw()));
  }

  /** After a change of theme. */
  recolour() {
    this.colours = {};
    this.hatch = null;
    this.redraw();
  }

  private colour(name: string): string {
    return (this.colours[name] ??= getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  }

  private draw() {
    const scale = devicePixelRatio || 1;
    const [w, h] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (!w || !h) return;
    if (this.canvas.width !== Math.round(w * scale) || this.canvas.height !== Math.round(h * scale)) {
      this.canvas.width = Math.round(w * scale);
      this.canvas.height = Math.round(h * scale);
      this.hatch = null;
    }
    const c = this.canvas.getContext("2d");
    if (!c) return;
    this.drawn++;
    c.setTransform(scale, 0, 0, scale, 0, 0);
    c.fillStyle = this.colour("panel");
    c.fillRect(0, 0, w, h);
    let y = 2;
    const tops = this.rows.map((row) => {
      const top = y;
      y += row.height + 3;
      return top;
    });
    this.rows.forEach((row, at) => this.label(c, row, tops[at]));
    c.save();
    c.beginPath();
    c.rect(GUTTER, 0, w - GUTTER, h);
    c.clip();
    this.grid(c, h);
    if (this.turn !== null && this.view.turns[this.turn]) {
      const turn = this.view.turns[this.turn];
      this.band(c, turn.start_ms, turn.end_ms, 20, h, this.colour("chosen"));
    }
    for (const [start, end] of this.watch) this.band(c, start, end, 20, h, this.colour("chosen"));
    if (this.mark) this.band(c, this.mark.start, this.mark.end, 20, h, this.colour("span"));
    this.rows.forEach((row, at) => this.row(c, row, tops[at]));
    c.restore();
  }

  private band(c: CanvasRenderingContext2D, start: number, end: number, top: number, h: number, fill: string) {
    c.fillStyle = fill;
    c.fillRect(this.x(start), top, Math.max(1, (end - start) / this.msPerPx), h - top);
  }

  private label(c: CanvasRenderingContext2D, row: Row, top: number) {
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.fillStyle = this.colour("quiet");
    c.textAlign = "left";
    if (row.kind === "curve") {
      c.fillText(row.label, 10, top + row.height / 2 - 5, GUTTER - 16);
      c.font = "9.5px system-ui, sans-serif";
      c.fillText(who(row.who ?? ""), 10, top + row.height / 2 + 7, GUTTER - 16);
    } else c.fillText(row.label, 10, top + row.height / 2, GUTTER - 16);
  }

  private grid(c: CanvasRenderingContext2D, h: number) {
    const steps = [100, 500, 1000, 2000, 5000, 10000, 30000, 60000, 300000, 600000, 1800000];
    const step = steps.find((s) => s / this.msPerPx >= 78) ?? 3600000;
    c.font = "10.5px system-ui, sans-serif";
    c.textAlign = "left";
    c.textBaseline = "middle";
    for (let at = Math.ceil(this.from / step) * step; at <= this.to; at += step) {
      const x = Math.round(this.x(at)) + 0.5;
      c.fillStyle = this.colour("line");
      c.fillRect(x, 18, 1, h);
      c.fillStyle = this.colour("quiet");
      c.fillText(step < 1000 ? `${clock(at)}.${Math.floor((at % 1000) / 100)}` : clock(at), x + 4, 11);
    }
  }

  private row(c: CanvasRenderingContext2D, row: Row, top: number) {
    if (row.kind === "sound") this.sound(c, row, top);
    else if (row.kind === "curve") this.curve(c, row, top);
    else if (row.kind === "speech") {
      c.fillStyle = this.colour(row.who === "client" ? "client" : row.who === "therapist" ? "therapist" : "quiet");
      for (const [who, start, end] of this.view.speech)
        if (who === row.who && end >= this.from && start <= this.to)
          c.fillRect(this.x(start), top + 2, Math.max(1, (end - start) / this.msPerPx), row.height - 4);
    } else if (row.kind === "events") {
      for (const e of this.view.measured?.events ?? []) {
        if (!e.marker.startsWith("aud.") || e.end_ms < this.from || e.start_ms > this.to) continue;
        const silent = e.marker === "aud.silence3" || e.marker === "aud.lapse";
        if (!silent && !e.marker.startsWith("aud.ovl")) continue;
        c.fillStyle = this.colour(silent ? "silence" : "overlap");
        c.fillRect(this.x(e.start_ms), top + (silent ? 3 : 1), Math.max(2, (e.end_ms - e.start_ms) / this.msPerPx), row.height - (silent ? 6 : 2));
      }
    } else if (row.kind === "codes") {
      this.lanes().forEach((lane, n) => lane.forEach((coding) => this.block(c, coding.start_ms, coding.end_ms, top + 4 + n * 15, 13, `${coding.code} ${this.word(coding.code)}`, this.polarity(coding.code))));
    } else if (row.kind === "clips") {
      for (const clip of this.clips) this.block(c, clip.start_ms, clip.end_ms, top + 1, 15, clip.label, clip.tone === "now" ? "now" : "clip");
    }
  }

  private block(c: CanvasRenderingContext2D, start: number, end: number, top: number, height: number, text: string, tone: string) {
    if (end < this.from || start > this.to) return;
    const x = this.x(start);
    const w = Math.max(2, (end - start) / this.msPerPx - 1);
    c.fillStyle = this.colour(`tone-${tone.replace("_", "-")}`) || this.colour("quiet");
    c.beginPath();
    c.roundRect(x, top, w, height, Math.min(3, w / 2));
    c.fill();
    if (w > 26) {
      c.save();
      c.clip();
      c.fillStyle = this.colour("on-tone");
      c.font = "10.5px system-ui, sans-serif";
      c.textBaseline = "middle";
      c.fillText(text, Math.max(x, GUTTER) + 4, top + height / 2 + 0.5);
      c.restore();
    }
  }

  private sound(c: CanvasRenderingContext2D, row: Row, top: number) {
    if (!this.tiles) return;
    const middle = top + row.height / 2;
    // Decibels to height: -60 dB and below is flat.
    const peak = this.view.curves.list[row.curve!].range[1];
    c.fillStyle = this.colour("wave");
    this.tiles.each(row.curve!, this.from, this.to, this.msPerPx, (at, wide, low, high) => {
      if (Number.isNaN(high)) return;
      const size = (db: number) => Math.min(1, 10 ** ((db - peak) / 20)) * (row.height / 2 - 1);
      const [x, w] = [this.x(at), Math.max(1, wide / this.msPerPx)];
      const [outer, inner] = [Math.max(0.5, size(high)), Math.max(0.5, size(low))];
      c.globalAlpha = 0.55;
      c.fillRect(x, middle - outer, w, outer * 2);
      c.globalAlpha = 1;
      c.fillRect(x, middle - inner, w, inner * 2);
    });
  }

  private curve(c: CanvasRenderingContext2D, row: Row, top: number) {
    if (!this.tiles) return;
    const about: Curve = this.view.curves.list[row.curve!];
    const [low, high] = about.range;
    const reach = Math.max(1e-6, high - low);
    const y = (v: number) => top + row.height - 2 - ((Math.min(high, Math.max(low, v)) - low) / reach) * (row.height - 4);
    this.hatch ??= this.pattern(c);
    c.strokeStyle = this.colour("line");
    c.fillStyle = this.colour(about.who === "client" ? "client" : "therapist");
    c.strokeStyle = c.fillStyle;
    const fill = c.fillStyle;
    c.lineWidth = 1.3;
    c.beginPath();
    let pen = false;
    this.tiles.each(row.curve!, this.from, this.to, this.msPerPx, (at, wide, lowest, highest) => {
      const [x, w] = [this.x(at), Math.max(1, wide / this.msPerPx)];
      if (Number.isNaN(highest)) {
        pen = false;
        if (this.hatch) c.fillStyle = this.hatch;
        c.fillRect(x, top + 1, w + 0.5, row.height - 2);
        c.fillStyle = fill;
        return;
      }
      const [a, b] = [y(highest), y(lowest)];
      if (b - a > 1.5) c.fillRect(x, a, w, b - a);
      const middle = (a + b) / 2;
      pen ? c.lineTo(x + w / 2, middle) : c.moveTo(x + w / 2, middle);
      pen = true;
    });
    c.stroke();
    c.lineWidth = 1;
    if (about.rest !== null) {
      c.setLineDash([4, 4]);
      c.strokeStyle = this.colour("quiet");
      c.globalAlpha = 0.7;
      c.beginPath();
      c.moveTo(GUTTER, y(about.rest));
      c.lineTo(this.canvas.clientWidth, y(about.rest));
      c.stroke();
      c.setLineDash([]);
      c.globalAlpha = 1;
    }
  }

  private pattern(c: CanvasRenderingContext2D): CanvasPattern | null {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const p = tile.getContext("2d")!;
    p.strokeStyle = this.colour("hatch");
    p.beginPath();
    p.moveTo(-1, 7);
    p.lineTo(7, -1);
    p.stroke();
    return c.createPattern(tile, "repeat");
  }
}

export const key = (curve: Curve) => `${curve.name}/${curve.who}`;
