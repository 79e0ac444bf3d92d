import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api";
import { clock, code, complain } from "../state";
import { S } from "../strings";

type Step = { code: string; element: number; start_s: number; end_s: number };
type Steps = { codes: Step[]; outcomes: [number, boolean][]; length_s: number; start_ms: number };

/** How pale what had not been seen yet is. */
const PALE = "0.28";
/** Seconds of a whole run through the session. */
const RUN_SECS = 12;
/** Left end and length of the picture's own time line. */
const [LINE_X, LINE_LONG] = [24, 912];

/** One session's picture with a scrubber: what had been seen up to a moment is lit. */
export function ScrubbedParadigm({ session }: { session: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [steps, setSteps] = useState<Steps | null>(null);
  const [at, setAt] = useState(0);
  const [running, setRunning] = useState(false);

  useEffect(() => {
    let live = true;
    const named = `session=${encodeURIComponent(session)}`;
    Promise.all([
      fetch(`/api/paradigm.svg?${named}&named=true`, { credentials: "same-origin" }).then((answer) => answer.text()),
      get(`paradigm/steps?${named}`) as Promise<Steps>,
    ]).then(([text, found]) => {
      if (!live || !box.current) return;
      const picture = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
      if (picture.nodeName !== "svg") return;
      picture.classList.add("paradigm");
      box.current.replaceChildren(document.importNode(picture, true));
      setSteps(found);
      setAt(found.length_s);
    }).catch(complain);
    return () => void (live = false);
  }, [session]);

  useEffect(() => {
    if (steps && box.current) light(box.current, steps, at);
  }, [steps, at]);

  useEffect(() => {
    if (!running || !steps) return;
    let frame = 0;
    let last = performance.now();
    let now = at >= steps.length_s ? 0 : at;
    const step = (time: number) => {
      now = Math.min(steps.length_s, now + ((time - last) / 1000 / RUN_SECS) * steps.length_s);
      last = time;
      setAt(now);
      if (now < steps.length_s) frame = requestAnimationFrame(step);
      else setRunning(false);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [running, steps]);

  const seen = steps?.codes.filter((one) => one.start_s <= at) ?? [];
  const newest = seen[seen.length - 1];
  return (
    <>
      <div class="paper" ref={box} aria-busy={!steps} />
      {steps && (
        <div class="scrub">
          <button onClick={() => setRunning(!running)}>{running ? S.theory.stopScrub : S.theory.playScrub}</button>
          <label class="scrub-line"><span>{S.theory.scrub} <b class="time">{clock(steps.start_ms + at * 1000)}</b></span>
            <input type="range" min={0} max={Math.ceil(steps.length_s)} step={1} value={at} aria-valuetext={`${clock(steps.start_ms + at * 1000)}, ${S.theory.soFar(seen.length, steps.codes.length)}`}
              onInput={(e) => (setRunning(false), setAt(Math.min(steps.length_s, Number(e.currentTarget.value))))} />
          </label>
          <p class="small">
            <span class="quiet">{S.theory.soFar(seen.length, steps.codes.length)}.</span>{" "}
            {newest && <>{S.theory.lastCode}: <a href={`#/session/${session}?t=${Math.round(steps.start_ms + newest.start_s * 1000)}`}>{clock(steps.start_ms + newest.start_s * 1000)}</a> <span class="code-id">{newest.code}</span> {code(newest.code)?.label}</>}
          </p>
          <p class="quiet small">{S.theory.scrubWhy}</p>
        </div>
      )}
    </>
  );
}

/** Makes pale what lies after the moment. At the session's end the picture is as it is saved. */
function light(box: HTMLElement, steps: Steps, at: number) {
  const seen = steps.codes.filter((one) => one.start_s <= at);
  const whole = at >= steps.length_s;
  const pale = (part: Element, is: boolean) => (is ? part.setAttribute("opacity", PALE) : part.removeAttribute("opacity"));
  for (const part of box.querySelectorAll<SVGGElement>("[data-box]")) {
    const element = Number(part.dataset.box);
    const own = seen.filter((one) => one.element === element).length;
    const all = steps.codes.filter((one) => one.element === element).length;
    pale(part, !whole && own === 0);
    const line = part.querySelectorAll("text")[2];
    if (!line || !all) continue;
    line.dataset.whole ??= line.textContent ?? "";
    line.textContent = whole ? line.dataset.whole : S.theory.soFar(own, all);
  }
  const followed = new Set(seen.slice(1).map((one, n) => `${seen[n].element}-${one.element}`));
  for (const part of box.querySelectorAll<SVGElement>("[data-arrow]")) pale(part, !whole && !followed.has(part.dataset.arrow!));
  for (const part of box.querySelectorAll<SVGElement>("[data-at]")) pale(part, !whole && Number(part.dataset.at) > at);
  box.querySelector(".scrub-head")?.remove();
  const picture = box.querySelector("svg");
  if (whole || !picture) return;
  const head = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const x = String(LINE_X + LINE_LONG * (at / Math.max(1, steps.length_s)));
  for (const [name, value] of Object.entries({ class: "scrub-head", x1: x, x2: x, y1: "531", y2: "555", stroke: "#22262b", "stroke-width": "1.5" })) head.setAttribute(name, value);
  picture.append(head);
}
