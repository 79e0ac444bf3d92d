import type { Ref } from "preact";
import { useComputed } from "@preact/signals";
import { post } from "../api";
import { Dialog } from "../parts/dialog";
import { clock, code, complain } from "../state";
import { S, who } from "../strings";
import type { Target } from "../pages/session";
import type { Coding, View } from "../types";
import { Codebook } from "./codebook";
import type { Player } from "./player";

/** The first pass: codes for the chosen turn or stretch, a rating for each minute, and the lock. */
export function BlindPanel(props: {
  view: View; player: Player; field: Ref<HTMLInputElement>; target: Target; open: number | null; give: (code: string) => void;
  takeBack: (coding: Coding) => void; codings: Coding[]; salience: Map<number, number>; rate: (minute: number, rating: number | null) => void;
  leave: () => void;
}) {
  const { view, target } = props;
  const here = target
    ? props.codings.filter((c) => (target.turn !== null && c.turn === target.turn) || (c.start_ms < target.end_ms && c.end_ms > target.start_ms))
    : props.codings;
  const turn = target?.turn !== null && target ? view.turns[target.turn!] : null;
  return (
    <aside class="panel blind" aria-label={S.blind.title}>
      <div class="target">
        {turn ? (
          <><span class="quiet small">{S.blind.target.turn} {target!.turn! + 1}, {who(turn.who)}, {clock(turn.start_ms)}</span><p class="quote">{turn.text}</p></>
        ) : target ? (
          <><span class="quiet small">{S.blind.target.span}</span><p class="quote">{clock(target.start_ms)} – {clock(target.end_ms)}</p></>
        ) : (
          <p class="quiet small">{props.open !== null ? `${S.blind.target.open} ${clock(props.open)} … O` : S.blind.target.none}</p>
        )}
      </div>
      <Codebook field={props.field} recent={mostUsed(props.codings)} give={(c) => props.give(c.id)} leave={props.leave} />
      <div class="given">
        <h2>{target ? S.blind.given : S.blind.all}</h2>
        {here.length === 0 && <p class="quiet small">{S.blind.none}</p>}
        <ul>
          {here.map((c) => (
            <li key={c.unit}>
              <button class="jump" onClick={() => props.player.seek(c.start_ms)}>
                <span class={`dot ${code(c.code)?.polarity}`} aria-hidden="true" />
                <span class="code-id">{c.code}</span> <span class="code-label">{code(c.code)?.label}</span>
                <span class="quiet small">{clock(c.start_ms)}</span>
              </button>
              <button class="tiny" onClick={() => props.takeBack(c)} aria-label={`${S.blind.remove}: ${c.code} ${clock(c.start_ms)}`}>×</button>
            </li>
          ))}
        </ul>
      </div>
      <Minutes {...props} />
    </aside>
  );
}

/** Ids of the coder's codes, most used first. */
function mostUsed(codings: Coding[]): string[] {
  const counts = new Map<string, number>();
  for (const c of codings) counts.set(c.code, (counts.get(c.code) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([id]) => id);
}

function Minutes(props: { view: View; player: Player; salience: Map<number, number>; rate: (minute: number, rating: number | null) => void }) {
  const { view, player } = props;
  const count = Math.ceil((view.end_ms - view.start_ms) / 60000);
  const now = useComputed(() => Math.min(count - 1, Math.max(0, Math.floor((player.time.value - view.start_ms) / 60000))));
  const minute = now.value;
  const rating = props.salience.get(minute);
  return (
    <div class="minutes">
      <div class="row between">
        <h2>{S.blind.salience}</h2>
        <span class="quiet small">{S.blind.minute} {minute + 1} / {count}</span>
      </div>
      <details class="small" open={props.salience.size === 0}><summary class="quiet">{S.blind.salienceWhat}</summary><p>{S.blind.salienceWhy}</p></details>
      <div class="scale" role="group" aria-label={`${S.blind.salience} ${S.blind.minute} ${minute + 1}`}>
        {S.blind.rate.map((word, n) => (
          <button key={n} aria-pressed={rating === n + 1} onClick={() => props.rate(minute, rating === n + 1 ? null : n + 1)}>
            <b>{n + 1}</b><span class="small">{word}</span>
          </button>
        ))}
      </div>
      <div class="cells" aria-hidden="true">
        {Array.from({ length: count }, (_, n) => (
          <i key={n} class={n === minute ? "now" : ""} data-rating={props.salience.get(n) ?? 0} onClick={() => player.seek(view.start_ms + n * 60000)} />
        ))}
      </div>
    </div>
  );
}

export function Lock(props: { view: View; rated: number; close: () => void; again: () => void }) {
  const missing = Math.ceil((props.view.end_ms - props.view.start_ms) / 60000) - props.rated;
  const lock = async () => {
    try {
      await post(`sessions/${props.view.id}/lock`);
      props.close();
      props.again();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Dialog title={S.blind.lock} close={props.close}>
      <p>{S.blind.lockSure}</p>
      {missing > 0 && <p class="warn">{missing} {S.blind.lockMissing}.</p>}
      <div class="row end"><button onClick={props.close}>{S.cancel}</button><button class="primary" onClick={lock}>{S.blind.lock}</button></div>
    </Dialog>
  );
}
