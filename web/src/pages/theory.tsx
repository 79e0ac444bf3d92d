import { useState } from "preact/hooks";
import { Loaded, useLoad } from "../parts/load";
import { ScrubbedParadigm } from "../parts/paradigm";
import { clock, code } from "../state";
import { S, who } from "../strings";

export function Theory() {
  const { data, error, again } = useLoad<any>("theory");
  return (
    <main class="page wide-page">
      <h1>{S.theory.title}</h1>
      <Loaded error={error} again={again} ready={!!data}>
        {() => (data!.sessions.length === 0 ? <p class="empty">{S.theory.none}</p> : <Whole found={data!} />)}
      </Loaded>
    </main>
  );
}

function Whole({ found }: { found: any }) {
  const [session, setSession] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const address = `/api/paradigm.svg${session ? `?session=${encodeURIComponent(session)}` : ""}`;
  return (
    <>
      <section>
        <div class="row between">
          <h2>{S.theory.paradigm}</h2>
          <div class="row">
            <select aria-label={S.theory.paradigm} value={session} onChange={(e) => setSession(e.currentTarget.value)}>
              <option value="">{S.theory.corpus}</option>
              {found.sessions.map((s: any) => <option key={s.id} value={s.id}>{s.id}</option>)}
            </select>
            <a class="button" href={address} download={`paradigm${session ? `-${session}` : ""}.svg`}>{S.theory.export}</a>
          </div>
        </div>
        {session ? <ScrubbedParadigm key={session} session={session} />
          : <div class="paper"><img class="paradigm" src={address} alt={`${S.theory.paradigm}: ${S.theory.corpus}`} /></div>}
        {found.sessions.length > 1 && (
          <div class="multiples">
            {["", ...found.sessions.map((s: any) => s.id)].slice(0, 25).map((id: string) => (
              <button key={id} aria-pressed={id === session} onClick={() => setSession(id)}>
                {id && <img loading="lazy" src={`/api/paradigm.svg?session=${encodeURIComponent(id)}`} alt="" />}
                <span class="small">{id || S.theory.corpus}</span>
              </button>
            ))}
          </div>
        )}
      </section>
      <div class="two compare">
        <section>
          <h2>{S.theory.compare}</h2>
          <ul class="code-counts">
            {found.codes.map((c: any) => (
              <li key={c.code}>
                <button aria-pressed={chosen === c.code} onClick={() => setChosen(c.code)}>
                  <span class={`dot ${code(c.code)?.polarity}`} aria-hidden="true" /><span class="code-id">{c.code}</span><span class="clip-text">{code(c.code)?.label}</span>
                  <span class="quiet small">{S.theory.quotes(c.count)}, {S.theory.inSessions(c.sessions)}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
        <section>{chosen ? <Quotes key={chosen} code={chosen} /> : <p class="empty quiet">{S.theory.choose}</p>}</section>
      </div>
      <section>
        <h2>{S.theory.axial}</h2>
        <p class="quiet small">{S.theory.cell}</p>
        <div class="two"><Matrix name={S.theory.together} cells={found.matrices.together} /><Matrix name={S.theory.follows} cells={found.matrices.follows} follows /></div>
      </section>
      <section><h2>{S.theory.saturation}</h2><Saturation found={found.saturation} /></section>
      {found.memos.length > 0 && (
        <section>
          <h2>{S.theory.memos}</h2>
          <ul class="quotes">
            {found.memos.map((memo: any) => (
              <li key={memo.unit}><a class="plain small" href={`#/session/${memo.session}?t=${memo.start_ms}`}>{memo.session} {clock(memo.start_ms)}</a><p>{memo.text}</p></li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Quotes({ code: id }: { code: string }) {
  const { data, error, again } = useLoad<any[]>(`quotes?code=${encodeURIComponent(id)}`);
  return (
    <Loaded error={error} again={again} ready={!!data}>
      {() => (
        <>
          <h3>{code(id)?.label}</h3>
          <p class="quiet small">{code(id)?.definition}</p>
          <ul class="quotes">
            {data!.map((q, n) => (
              <li key={n}>
                <a class="plain small" href={`#/session/${q.session}?t=${q.start_ms}`}>{q.session} {clock(q.start_ms)}</a>
                {q.words.map((w: any, k: number) => <p key={k}><span class={`speaker ${w.who}`}>{who(w.who)}</span> {w.text}</p>)}
                {q.notes.map((note: string, k: number) => <p key={k} class="quiet small">{note}</p>)}
              </li>
            ))}
          </ul>
        </>
      )}
    </Loaded>
  );
}

function Matrix({ name, cells, follows }: { name: string; cells: any[][]; follows?: boolean }) {
  const most = Math.max(1, ...cells.flat().map((c) => c.count));
  return (
    <div class="table-box" tabIndex={0} role="region" aria-label={name}>
      <table class="matrix">
        <caption>{name}</caption>
        <thead><tr><td />{S.theory.short.map((s) => <th key={s} scope="col">{s}</th>)}</tr></thead>
        <tbody>
          {cells.map((row, i) => (
            <tr key={i}>
              <th scope="row">{S.theory.short[i]}</th>
              {row.map((c, j) => (
                <td key={j} class={c.shown ? "shown" : ""} data-heat={Math.round((c.count / most) * 5)}
                  title={[c.q !== null && `q ${c.q.toFixed(3)}`, follows && c.z !== null && `z ${c.z.toFixed(1)}`, follows && c.yule_q !== null && `Q ${c.yule_q.toFixed(2)}`, c.lift !== null && `lift ${c.lift.toFixed(2)}`, !follows && c.jaccard !== null && `Jaccard ${c.jaccard.toFixed(2)}`].filter(Boolean).join(", ")}>
                  {c.count || c.by_chance ? <>{c.count} <span class="small chance">({c.by_chance.toFixed(1)})</span></> : "·"}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Saturation({ found }: { found: any }) {
  const n = found.observed.length;
  const top = Math.max(1, ...found.observed, ...found.band.map((b: number[]) => b[1]));
  const [w, h, left, bottom] = [560, 210, 34, 26];
  const x = (k: number) => left + (n > 1 ? (k / (n - 1)) * (w - left - 14) : 0);
  const y = (v: number) => 10 + (1 - v / top) * (h - bottom - 10);
  const points = (list: number[]) => list.map((v, k) => `${x(k).toFixed(1)},${y(v).toFixed(1)}`).join(" ");
  const band = `${points(found.band.map((b: number[]) => b[1]))} ${found.band.map((b: number[], k: number) => `${x(k).toFixed(1)},${y(b[0]).toFixed(1)}`).reverse().join(" ")}`;
  const verdict = found.runs.length === 0 ? `${S.theory.notReached}: ${S.theory.needs}` : found.reached_at ? `${S.theory.reached} ${found.reached_at}` : S.theory.notReached;
  if (n < 2) return <p class="quiet">{verdict}. {S.theory.tooFew}</p>;
  return (
    <div class="saturation">
      <svg viewBox={`0 0 ${w} ${h}`} role="img" aria-label={`${S.theory.saturation}: ${found.observed.join(", ")}`}>
        {[0, 0.5, 1].map((f) => { const v = Math.round(top * f); return <g key={f}><line x1={left} x2={w - 8} y1={y(v)} y2={y(v)} class="grid-line" /><text x={left - 6} y={y(v) + 3.5} text-anchor="end">{v}</text></g>; })}
        <polygon points={band} class="band" />
        <polyline points={points(found.observed)} class="curve" />
        {found.observed.map((v: number, k: number) => <circle key={k} cx={x(k)} cy={y(v)} r="3" class="dot-mark" />)}
        {found.observed.map((_: number, k: number) => (n <= 30 || k % 5 === 4) && <text key={k} x={x(k)} y={h - 8} text-anchor="middle">{k + 1}</text>)}
      </svg>
      <div><p><strong>{verdict}</strong></p><p class="quiet small">{S.theory.satWhy}</p></div>
    </div>
  );
}
