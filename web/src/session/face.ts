/** Where the client's face is in a clip, and the part of the picture that shows it. */
import { get } from "../api";

export type Crop = { x: number; y: number; w: number; h: number };
type Place = [number, number, number, number];
export type Face = { why: string | null; film: number | null; boxes: (Place | null)[]; step_ms: number; start_ms: number; largest_width_px: number };

/** The face over a clip's parts; boxes outside of them are left out. */
export async function faceIn(session: string, parts: [number, number][]): Promise<Face> {
  const [from, to] = [Math.min(...parts.map((p) => p[0])), Math.max(...parts.map((p) => p[1]))];
  const face: Face = await get(`sessions/${encodeURIComponent(session)}/face?from_ms=${Math.round(from)}&to_ms=${Math.round(to)}`);
  const inside = (n: number) => parts.some(([a, b]) => face.start_ms + (n + 1) * face.step_ms > a && face.start_ms + n * face.step_ms < b);
  return { ...face, boxes: face.boxes.filter((_, n) => inside(n)) };
}

/** How much of the face's width is shown beside it, and of its height above and below. */
const BESIDE = 0.4;
const ABOVE = 0.3;
/** Smallest part of the picture's width: more would show only pixels. */
const LEAST = 0.16;

/** One steady part of the picture around all but the outermost places of the face, as shares; a moving cut would look like
 *  movement of the client. */
export function cropOf(face: Face, width: number, height: number): Crop | null {
  const boxes = face.boxes.filter((box): box is Place => box !== null);
  if (!boxes.length || !width || !height) return null;
  // Boxes are in pixels of the picture as it was looked at.
  const scale = Math.min(1, face.largest_width_px / width);
  const edge = (of: (box: Place) => number, share: number) => {
    const sorted = boxes.map(of).sort((a, b) => a - b);
    return sorted[Math.round((sorted.length - 1) * share)];
  };
  const [left, right] = [edge((b) => b[0], 0.05), edge((b) => b[0] + b[2], 0.95)];
  const [top, bottom] = [edge((b) => b[1], 0.05), edge((b) => b[1] + b[3], 0.95)];
  const [beside, above] = [edge((b) => b[2], 0.5) * BESIDE, edge((b) => b[3], 0.5) * ABOVE];
  const w = Math.min(1, Math.max(LEAST, (right - left + 2 * beside) / (width * scale)));
  const h = Math.min(1, Math.max(LEAST, (bottom - top + 2 * above) / (height * scale)));
  const x = (left + right) / 2 / (width * scale) - w / 2;
  const y = (top + bottom) / 2 / (height * scale) - h / 2;
  return { x: Math.min(1 - w, Math.max(0, x)), y: Math.min(1 - h, Math.max(0, y)), w, h };
}

/** The transform that brings the part into the middle of a box in which the whole picture fits. */
export function transformOf(crop: Crop, box: { width: number; height: number }, picture: { width: number; height: number }): string {
  const fit = Math.min(box.width / picture.width, box.height / picture.height);
  const [w, h] = [picture.width * fit, picture.height * fit];
  const zoom = Math.min(box.width / (crop.w * w), box.height / (crop.h * h));
  const x = (box.width - w) / 2 + (crop.x + crop.w / 2) * w;
  const y = (box.height - h) / 2 + (crop.y + crop.h / 2) * h;
  return `translate(${(box.width / 2 - zoom * x).toFixed(1)}px, ${(box.height / 2 - zoom * y).toFixed(1)}px) scale(${zoom.toFixed(3)})`;
}
