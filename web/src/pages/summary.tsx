import { useState } from "preact/hooks";
import { Loaded, useLoad } from "../parts/load";
import { clock } from "../state";
import { S, who } from "../strings";

/** One page a supervisor can print: what to watch in the time there is. */
export function Summary({ id }: { id: string }) {
  const { data, error, again } = useLoad<any>(`sessions/${id}/summary`);
  return (
    <main class="page summary">
      <p class="no-print"><a href="#/" class="plain">‹ {S.session.back}</a></p>
      <Loaded error={error} again={again} ready={!!data}>{() => <Page id={id} found={data!} />}</Loaded>
    </main>
  );
}

function Page({ id, found }: { id: string; found: any }) {
  const [budget, setBudget] = useState(10);
  const [therapist, setTherapist] = useState(false);
  let spent = 0;
  const shown = found.moments.filter((m: any) => (spent += m.review_secs) <= budget * 60 || m.rank === 1);
  const at = (ms: number) => `${((ms - found.start_ms) / (found.end_ms - found.start_ms)) * 100}%`;
  const wide = (m: any) => `${Math.max(0.4, ((m.end_ms - m.start_ms) / (found.end_ms - found.start_ms)) * 100)}%`;
  return (
    <>
      <div class="row between">
        <h1>{S.summary.title} <span class="quiet">{id}</span></h1>
        <div class="row no-print">
          <label class="inline">{S.summary.budget}
            <input type="number" min={1} max={60} value={budget} onInput={(e) => setBudget(Math.max(1, Number(e.currentTarget.value) || 1))} />
          </label>
          <button class="primary" onClick={() => print()}>{S.summary.print}</button>
        </div>
      </div>
      <p class="quiet small">{S.summary.use}</p>
      {found.therapist_face && (
        <label class="check small no-print"><input type="checkbox" checked={therapist} onChange={(e) => setTherapist(e.currentTarget.checked)} /> {S.summary.therapist} <span class="quiet">{S.summary.therapistWhy}</span></label>
      )}
      <div class="whole" aria-hidden="true">
        {found.moments.map((m: any) => <i key={m.id} class={shown.includes(m) ? "in" : ""} style={{ left: at(m.start_ms), width: wide(m) }} />)}
        <span class="small quiet">0:00</span><span class="small quiet right">{clock(found.end_ms)}</span>
      </div>
      <h2>{S.summary.moments} <span class="quiet">{shown.length}</span></h2>
      {found.moments.length === 0 && <p class="empty">{S.summary.none}</p>}
      <ol class="moments">{shown.map((m: any) => <Moment key={m.id} id={id} m={m} turns={found.turns} therapist={therapist} />)}</ol>
    </>
  );
}

function Moment({ id, m, turns, therapist }: { id: string; m: any; turns: any[]; therapist: boolean }) {
  const said = (from: number, to: number) => turns.filter((t) => t.start_ms < to && t.end_ms > from);
  const own = (e: any) => therapist || !(e.who === "therapist" && ["face", "gaze_body", "affect_split"].includes(e.family));
  const repair = m.repair;
  return (
    <li class="moment">
      <div class="row between">
        <h3>{m.rank}. {S.flags.kinds[m.kind] ?? m.kind} <a class="plain small" href={`#/session/${id}?t=${m.start_ms}`}>{clock(m.start_ms)} – {clock(m.end_ms)}</a></h3>
        <span class="small quiet">{m.confirmed} {S.flags.verdicts.confirm}, {m.rejected} {S.flags.verdicts.reject}, {m.unsure} {S.flags.verdicts.unsure}</span>
      </div>
      <p>{m.sentence}</p>
      {m.cycle && (
        <div class="cycle" aria-label={S.summary.cycle} role="list">
          {m.cycle.repeats.map((r: [number, number], n: number) => (
            <div role="listitem" key={n} class="repeat">
              <span class="small quiet">{S.summary.cycle} {n + 1}, {clock(r[0])}</span>
              {said(r[0], r[1]).map((t, k) => <p key={k} class="small"><span class={`speaker ${t.who}`}>{who(t.who)}</span> {t.text}</p>)}
              {m.evidence.filter((e: any) => own(e) && e.start_s * 1000 < r[1] + 3000 && e.end_s * 1000 > r[0]).slice(0, 3).map((e: any, k: number) => <span key={k} class="tag small">{e.sentence}</span>)}
              <span class="move small">→ {m.cycle.moves[n] ?? "–"}</span>
            </div>
          ))}
        </div>
      )}
      {repair?.remark && (
        <div class="triptych">
          <Panel title={S.summary.before} list={said(repair.remark[0] - 20000, repair.remark[0] - 1)} />
          <Panel title={S.summary.remark} list={said(repair.remark[0], repair.remark[1])} lit />
          <Panel title={S.summary.after} list={said(repair.remark[1] + 1, repair.remark[1] + 25000)} />
        </div>
      )}
      {repair && <p class="small"><strong>{S.summary.outcomes[repair.outcome] ?? repair.outcome}</strong>{repair.signs.length > 0 && <span class="quiet">: {repair.signs.map((s: any) => `${s[0]} ${s[1] ? "✓" : "–"}`).join("; ")}</span>}</p>}
      {!m.cycle && <ul class="plain-list small">{m.evidence.filter(own).slice(0, 4).map((e: any, n: number) => <li key={n}>{e.sentence} <span class="quiet">{who(e.who)}, {clock(e.start_s * 1000)}</span></li>)}</ul>}
      {m.against.length > 0 && <p class="small quiet">{S.flags.against}: {m.against.map((e: any) => e.sentence).join("; ")}</p>}
    </li>
  );
}

function Panel({ title, list, lit }: { title: string; list: any[]; lit?: boolean }) {
  return (
    <div class={`third ${lit ? "lit" : ""}`}>
      <span class="small quiet">{title}</span>
      {list.slice(-3).map((t, n) => <p key={n} class="small"><span class={`speaker ${t.who}`}>{who(t.who)}</span> {t.text}</p>)}
    </div>
  );
}
