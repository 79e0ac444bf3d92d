/** Levels of the measured curves, fetched tile by tile as the timeline needs them. */
import { getTile } from "../api";
import type { View } from "../types";

export class Tiles {
  private kept = new Map<string, Float32Array>();
  private asked = new Set<string>();

  constructor(private session: string, private about: View["curves"], private arrived: () => void) {
    if (about.list.length) this.get(about.levels - 1, 0);
  }

  /** The level whose buckets are as wide as a pixel or narrower. */
  level(msPerPx: number): number {
    const { bucket_ms, factor, levels } = this.about;
    let level = 0;
    while (level + 1 < levels && bucket_ms * factor ** (level + 1) <= msPerPx * 1.3) level++;
    return level;
  }

  private get(level: number, index: number): Float32Array | null {
    const key = `${level}/${index}`;
    const found = this.kept.get(key);
    if (found) return found;
    if (!this.asked.has(key)) {
      this.asked.add(key);
      getTile(this.session, level, index).then(
        (tile) => (this.kept.set(key, tile), this.arrived()),
        () => window.setTimeout(() => this.asked.delete(key), 3000),
      );
    }
    return null;
  }

  /** Calls back with bucket number, lowest and highest value; NaN where nothing assessable was measured. */
  each(curve: number, fromMs: number, toMs: number, msPerPx: number, draw: (atMs: number, wideMs: number, low: number, high: number) => void) {
    const { bucket_ms, factor, tile, start_ms, levels } = this.about;
    let level = this.level(msPerPx);
    let wide = bucket_ms * factor ** level;
    let first = Math.max(0, Math.floor((fromMs - start_ms) / wide));
    let last = Math.ceil((toMs - start_ms) / wide);
    let whole = true;
    for (let t = Math.floor(first / tile); t <= Math.floor(last / tile); t++) whole = !!this.get(level, t) && whole;
    if (!whole) {
      // Until the fine ones are there, the coarsest.
      level = levels - 1;
      wide = bucket_ms * factor ** level;
      first = Math.max(0, Math.floor((fromMs - start_ms) / wide));
      last = Math.ceil((toMs - start_ms) / wide);
    }
    const end = Math.ceil(this.about.buckets / factor ** level);
    for (let at = first; at <= Math.min(last, end - 1); at++) {
      const data = this.get(level, Math.floor(at / tile));
      if (!data) continue;
      const place = (curve * tile + (at % tile)) * 2;
      draw(start_ms + at * wide, wide, data[place], data[place + 1]);
    }
  }
}
