import { useEffect, useRef } from "preact/hooks";
import { useComputed } from "@preact/signals";
import { clock, code } from "../state";
import { S, who } from "../strings";
import type { Coding, Turn } from "../types";
import type { Player } from "./player";

/** The words. The turn that is heard is lit, the chosen one is framed; a click chooses and seeks. */
export function Transcript(props: {
  turns: Turn[]; player: Player; codings: Coding[]; turn: number | null; choose: (turn: number) => void;
}) {
  const { turns, player } = props;
  const heard = useComputed(() => {
    const at = player.time.value;
    let found = -1;
    for (let n = 0; n < turns.length && turns[n].start_ms <= at; n++) if (at < turns[n].end_ms) found = n;
    return found;
  });
  // Between turns the last one stays in view.
  const near = useComputed(() => {
    const at = player.time.value;
    let found = -1;
    for (let n = 0; n < turns.length && turns[n].start_ms <= at + 50; n++) found = n;
    return found;
  });
  const list = useRef<HTMLOListElement>(null);
  const here = heard.value;
  useEffect(() => {
    if (near.value >= 0) keepInView(list.current?.children[near.value] as HTMLElement);
  }, [near.value]);
  useEffect(() => {
    if (props.turn !== null) keepInView(list.current?.children[props.turn] as HTMLElement);
  }, [props.turn]);
  if (!turns.length) return <section class="transcript" aria-label={S.session.transcript}><p class="empty quiet">{S.session.noTranscript}</p></section>;
  return (
    <section class="transcript" aria-label={S.session.transcript} tabIndex={0}>
      <ol ref={list}>
        {turns.map((turn, n) => {
          const given = props.codings.filter((c) => (c.turn === null ? c.start_ms < turn.end_ms && c.end_ms > turn.start_ms : c.turn === n));
          return (
            <li key={n} class={`turn ${turn.who} ${n === here ? "heard" : ""} ${n === props.turn ? "chosen" : ""}`} aria-current={n === props.turn ? "true" : undefined}>
              <button class="turn-button" onClick={() => (props.choose(n), player.stopClip(), player.seek(turn.start_ms))}>
                <span class="turn-head"><span class="speaker">{who(turn.who)}</span><span class="quiet small">{clock(turn.start_ms)}</span></span>
                <span class="said">{turn.text}</span>
              </button>
              {given.length > 0 && (
                <span class="chips">
                  {given.map((c, k) => (
                    <span key={k} class={`chip ${code(c.code)?.polarity ?? ""}`} title={code(c.code)?.label}>{c.code}</span>
                  ))}
                </span>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function keepInView(element: HTMLElement | undefined) {
  const box = element?.closest(".transcript");
  if (!element || !box) return;
  const [own, outer] = [element.getBoundingClientRect(), box.getBoundingClientRect()];
  if (own.top < outer.top + 40 || own.bottom > outer.bottom - 60) box.scrollTop += own.top - outer.top - outer.height * 0.3;
}
