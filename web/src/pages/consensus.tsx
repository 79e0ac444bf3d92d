import { useState } from "preact/hooks";
import { post } from "../api";
import { Loaded, useLoad } from "../parts/load";
import { clock, code, complain, say } from "../state";
import { S, who } from "../strings";
import type { View } from "../types";

type Unit = {
  unit: { key: string; code: string; turn: number | null; start_ms: number; end_ms: number; given_by: string[]; notes: [string, string][] };
  disputed: boolean; by_rule: boolean; outcome: { outcome: string; keep: boolean; moved: string[]; note: string } | null;
};
type Meeting = {
  open: boolean; waiting?: number; units: Unit[]; coders: string[]; rule: string; on: string;
  retention: { given: number; kept_by_rule: number; kept: number; disputed: number; settled: number };
};

/** Disagreements side by side: who gave it, who did not, what was said, what the meeting makes of it. */
export function Consensus({ id }: { id: string }) {
  const meeting = useLoad<Meeting>(`sessions/${id}/consensus`);
  const view = useLoad<View>(`sessions/${id}`);
  const [only, setOnly] = useState(true);
  const error = meeting.error ?? view.error;
  return (
    <main class="page">
      <p><a href="#/" class="plain">‹ {S.session.back}</a></p>
      <h1>{S.consensus.title} <span class="quiet">{id}</span></h1>
      <Loaded error={error} again={() => (meeting.again(), view.again())} ready={!!meeting.data && !!view.data}>
        {() => {
          const found = meeting.data!;
          if (!found.open) return <p class="empty">{S.consensus.waiting} {found.waiting} {S.consensus.others}.</p>;
          const kept = found.retention;
          const shown = found.units.filter((unit) => unit.disputed || !only);
          return (
            <>
              <div class="facts">
                <Fact value={S.consensus.rules[found.rule]} name={S.consensus.rule} />
                <Fact value={kept.given} name={S.consensus.given} />
                <Fact value={kept.kept} name={S.consensus.kept} />
                <Fact value={`${kept.settled} / ${kept.disputed}`} name={`${S.consensus.settled} / ${S.consensus.disputed}`} />
                <span class="gap" />
                <label class="check"><input type="checkbox" checked={only} onChange={(e) => setOnly(e.currentTarget.checked)} /> {S.consensus.only}</label>
              </div>
              {shown.length === 0 && <p class="empty">{found.units.length ? S.consensus.all : S.consensus.empty}</p>}
              <ul class="disputes">
                {shown.map((unit) => <Dispute key={unit.unit.key} id={id} unit={unit} coders={found.coders} view={view.data!} again={meeting.again} />)}
              </ul>
            </>
          );
        }}
      </Loaded>
    </main>
  );
}

function Fact({ value, name }: { value: string | number; name: string }) {
  return <div class="fact"><strong>{value}</strong><span class="quiet small">{name}</span></div>;
}

function Dispute({ id, unit, coders, view, again }: { id: string; unit: Unit; coders: string[]; view: View; again: () => void }) {
  const [moved, setMoved] = useState<string[]>(unit.outcome?.moved ?? []);
  const [note, setNote] = useState(unit.outcome?.note ?? "");
  const { unit: u } = unit;
  const turns = u.turn !== null ? [view.turns[u.turn]].filter(Boolean) : view.turns.filter((t) => t.start_ms < u.end_ms && t.end_ms > u.start_ms);
  const settle = async (keep: boolean | null) => {
    const still = coders.filter((c) => u.given_by.includes(c) !== moved.includes(c)).length;
    const outcome = keep === null ? "unresolved" : (keep ? still === coders.length : still === 0) ? "agreed" : "majority";
    try {
      await post(`sessions/${id}/outcomes`, { unit: u.key, code: u.code, start_ms: u.start_ms, end_ms: u.end_ms, outcome, keep: keep === true, moved, note });
      say(S.session.kept);
      again();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <li class="dispute">
      <div class="dispute-code">
        <span class={`dot ${code(u.code)?.polarity}`} aria-hidden="true" /><span class="code-id">{u.code}</span> <strong>{code(u.code)?.label}</strong>
        <span class="gap" />
        <a class="plain" href={`#/session/${id}?t=${u.start_ms}`}>{S.consensus.listen} {clock(u.start_ms)}</a>
      </div>
      <div class="dispute-words">{turns.map((t, n) => <p key={n}><span class={`speaker ${t.who}`}>{who(t.who)}</span> {t.text}</p>)}</div>
      <div class="sides" role="group" aria-label={S.consensus.moved}>
        {coders.map((coder) => {
          const gave = u.given_by.includes(coder);
          return (
            <label key={coder} class={`side ${gave ? "gave" : ""} ${moved.includes(coder) ? "moved" : ""}`}>
              <span><b>{coder}</b> <span class="small">{gave ? S.consensus.gave : S.consensus.not}</span></span>
              {u.notes.filter(([name]) => name === coder).map(([, text], n) => <em key={n} class="small">{text}</em>)}
              {unit.disputed && (
                <span class="small check"><input type="checkbox" checked={moved.includes(coder)}
                  onChange={(e) => setMoved(e.currentTarget.checked ? [...moved, coder] : moved.filter((m) => m !== coder))} /> {S.consensus.movedOne}</span>
              )}
            </label>
          );
        })}
      </div>
      {unit.disputed && (
        <div class="row settle">
          <input aria-label={S.consensus.note} placeholder={S.consensus.note} value={note} onInput={(e) => setNote(e.currentTarget.value)} />
          <button aria-pressed={unit.outcome?.keep === true} onClick={() => settle(true)}>{S.consensus.keep}</button>
          <button aria-pressed={unit.outcome?.keep === false && unit.outcome.outcome !== "unresolved"} onClick={() => settle(false)}>{S.consensus.drop}</button>
          <button aria-pressed={unit.outcome?.outcome === "unresolved"} onClick={() => settle(null)}>{S.consensus.open}</button>
          <span class="quiet small outcome">{unit.outcome ? S.consensus[unit.outcome.outcome as "agreed"] : ""}</span>
        </div>
      )}
    </li>
  );
}
