import { useEffect, useRef, useState } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";
import { clock, code, theme } from "../state";
import { S, who } from "../strings";
import type { Coding, View } from "../types";
import type { Player } from "./player";
import { Tiles } from "./tiles";
import { GUTTER, key, Timeline, type Marked } from "./timeline";

const USUAL = ["corners_down", "brow_down", "smile", "gaze_yaw"];

/** The timeline with its playhead; wheel zooms, drag pans, click seeks. */
export function Strip(props: {
  view: View; player: Player; codings: Coding[]; clips: Marked[]; watch: [number, number][]; mark: { start: number; end: number } | null;
  turn: number | null; onMark?: (start: number, end: number) => void; ready: (timeline: Timeline) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const line = useRef<Timeline | null>(null);
  const { view, player } = props;
  const [shown, setShown] = useState<string[]>(() =>
    view.curves.list.filter((c) => USUAL.includes(c.name) && c.who !== "therapist").map(key),
  );
  const [choosing, setChoosing] = useState(false);

  useEffect(() => {
    const made = new Timeline(canvas.current!, view, (id) => code(id)?.label ?? "", (id) => code(id)?.polarity ?? "context_dependent");
    line.current = made;
    made.tiles = new Tiles(view.id, view.curves, () => made.redraw());
    const size = new ResizeObserver(() => made.redraw());
    size.observe(canvas.current!);
    props.ready(made);
    (window as any).attuneTimeline = made;
    return () => size.disconnect();
  }, [view]);

  useEffect(() => {
    const made = line.current!;
    made.codings = props.codings;
    made.clips = props.clips;
    made.watch = props.watch;
    made.mark = props.mark;
    made.turn = props.turn;
    made.shownCurves = shown;
    made.layout();
  }, [view, props.codings, props.clips, props.watch, props.mark, props.turn, shown]);

  useSignalEffect(() => {
    const at = player.time.value;
    const made = line.current;
    if (!made || !head.current) return;
    if (player.playing.peek()) made.follow(at);
    place(at);
  });
  useSignalEffect(() => void (theme.value, requestAnimationFrame(() => line.current?.recolour())));

  function place(at: number) {
    const made = line.current!;
    const x = made.x(at);
    head.current!.style.transform = `translateX(${x}px)`;
    head.current!.hidden = x < GUTTER || x > canvas.current!.clientWidth;
  }

  const drag = useRef<{ x: number; from: number; moved: boolean; marks: boolean } | null>(null);
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    drag.current = { x: event.offsetX, from: line.current!.from, moved: false, marks: event.shiftKey && !!props.onMark };
    canvas.current!.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    const made = line.current!;
    const d = drag.current;
    if (!d) return;
    if (Math.abs(event.offsetX - d.x) > 3) d.moved = true;
    if (d.moved && d.marks) {
      const [a, b] = [made.ms(d.x), made.ms(event.offsetX)];
      made.mark = { start: Math.max(view.start_ms, Math.min(a, b)), end: Math.min(view.end_ms, Math.max(a, b)) };
      made.redraw();
    } else if (d.moved) made.show(d.from - (event.offsetX - d.x) * made.msPerPx), place(player.time.value);
  };
  const up = (event: PointerEvent) => {
    const d = drag.current;
    drag.current = null;
    const mark = line.current!.mark;
    if (d?.moved && d.marks && mark && mark.end > mark.start + 100) props.onMark?.(mark.start, mark.end);
    if (d && !d.moved && event.offsetX > GUTTER) player.stopClip(), player.seek(line.current!.ms(event.offsetX));
  };
  const wheel = (event: WheelEvent) => {
    const made = line.current!;
    if (!event.ctrlKey && !event.metaKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY) && event.shiftKey === false && made.canvas.clientHeight > box.current!.clientHeight && event.altKey) return;
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) made.show(made.from + (event.deltaX || event.deltaY) * made.msPerPx);
    else made.zoom(Math.exp(event.deltaY * 0.0018), made.ms(event.offsetX));
    place(player.time.value);
  };
  useEffect(() => {
    const c = canvas.current!;
    c.addEventListener("wheel", wheel, { passive: false });
    return () => c.removeEventListener("wheel", wheel);
  }, [view]);
  const zoomed = (factor: number) => {
    const made = line.current!;
    factor === 0 ? made.show(view.start_ms, view.end_ms - view.start_ms) : made.zoom(factor, player.time.value);
    place(player.time.value);
  };
  const choosable = view.curves.list.filter((c) => c.group !== "sound");
  return (
    <section class="strip" aria-label={S.session.timeline}>
      <div class="strip-tools">
        <button class="tiny" onClick={() => zoomed(0.6)} aria-label={S.session.zoomIn}>+</button>
        <button class="tiny" onClick={() => zoomed(1 / 0.6)} aria-label={S.session.zoomOut}>−</button>
        <button class="tiny" onClick={() => zoomed(0)}>{S.session.zoomAll}</button>
        {choosable.length > 0 && (
          <div class="chooser">
            <button class="tiny" aria-expanded={choosing} onClick={() => setChoosing(!choosing)}>{S.session.curves}</button>
            {choosing && (
              <fieldset class="curve-list">
                <legend class="hidden-text">{S.session.curves}</legend>
                {choosable.map((curve) => (
                  <label key={key(curve)}>
                    <input type="checkbox" checked={shown.includes(key(curve))}
                      onChange={(e) => setShown(e.currentTarget.checked ? [...shown, key(curve)] : shown.filter((k) => k !== key(curve)))} />
                    {S.curves[curve.name] ?? curve.name} <span class="quiet small">{who(curve.who)}</span>
                  </label>
                ))}
              </fieldset>
            )}
          </div>
        )}
        {view.curves.problem && <span class="quiet small">{view.curves.problem}</span>}
      </div>
      <div class="strip-box" ref={box} tabIndex={0} role="group" aria-label={S.session.timeline}>
        <canvas ref={canvas} onPointerDown={down} onPointerMove={move} onPointerUp={up} aria-hidden="true" />
        <div class="playhead" ref={head} aria-hidden="true" />
      </div>
      <p class="hidden-text">{clock(view.end_ms - view.start_ms)}</p>
    </section>
  );
}
