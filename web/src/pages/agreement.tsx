import { Loaded, useLoad } from "../parts/load";
import { code } from "../state";
import { S } from "../strings";

const num = (value: number | null | undefined, digits = 2) => (value === null || value === undefined ? "–" : value.toFixed(digits).replace(/^-(0\.0*)$/, "$1"));

export function Agreement() {
  const { data, error, again } = useLoad<any>("agreement");
  return (
    <main class="page wide-page">
      <h1>{S.agree.title}</h1>
      <p class="quiet">{S.agree.before}</p>
      <Loaded error={error} again={again} ready={!!data}>{() => <Tables found={data!} />}</Loaded>
    </main>
  );
}

function Tables({ found }: { found: any }) {
  const t = found.tables;
  const habits = <Habits list={found.habits} />;
  if (!t.sessions.length) return <><p class="empty">{S.agree.none}</p>{habits}</>;
  const kept = t.retention;
  return (
    <>
      <div class="facts">
        <div class="fact"><strong>{t.sessions.length}</strong><span class="quiet small">{S.agree.sessions(t.sessions.length)}</span></div>
        <div class="fact"><strong>{t.slots}</strong><span class="quiet small">{S.agree.slots[t.slot] ?? t.slot}</span></div>
        <div class="fact"><strong>{num(t.u_alpha)}</strong><span class="quiet small">{S.agree.nominal}</span></div>
        <div class="fact"><strong>{num(t.u_alpha_binary)}</strong><span class="quiet small">{S.agree.binary}</span></div>
        <div class="fact"><strong>{kept.kept} / {kept.given}</strong><span class="quiet small">{S.agree.keptBy} ({S.consensus.rules[t.rule]})</span></div>
      </div>
      <div class="table-box" tabIndex={0} role="region" aria-label={S.agree.title}>
        <table>
          <thead><tr>{S.agree.cols.map((c) => <th key={c} scope="col">{c}</th>)}</tr></thead>
          <tbody>
            {t.codes.map((row: any) => (
              <tr key={row.code}>
                <th scope="row"><span class={`dot ${code(row.code)?.polarity}`} aria-hidden="true" /><span class="code-id">{row.code}</span> <span class="clip-text">{code(row.code)?.label}</span></th>
                <td>{row.given}</td><td>{num(row.prevalence, 3)}</td><td>{num(row.percent)}</td><td>{num(row.kappa)}</td>
                <td><Bar value={row.alpha} interval={row.alpha_interval} /></td>
                <td>{row.alpha_interval ? `${num(row.alpha_interval[0])} – ${num(row.alpha_interval[1])}` : "–"}</td>
                <td>{num(row.pabak)}</td><td>{num(row.ac1)}</td><td>{num(row.u_alpha)}</td><td>{num(row.unit_f1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet small">{S.agree.why} {t.throughout.length < t.coders.length && t.throughout.length > 0 && S.agree.throughout(t.throughout.join(", "))}</p>
      <div class="two">
        {t.pairs.length > 0 && <section>
          <h2>{S.agree.pairs}</h2>
          <div class="table-box" tabIndex={0} role="region" aria-label={S.agree.pairs}><table>
            <thead><tr>{S.agree.pairCols.map((c) => <th key={c} scope="col">{c}</th>)}</tr></thead>
            <tbody>{t.pairs.map((p: any) => (
              <tr key={p.first + p.second}><th scope="row" class="nowrap">{p.first}, {p.second}</th><td>{num(p.kappa_with_unmatched)}</td><td>{num(p.kappa_linked_only)}</td><td>{num(p.unit_f1)}</td><td>{num(p.labelled_f1)}</td></tr>
            ))}</tbody>
          </table></div>
          <p class="quiet small">{S.agree.pairWhy}</p>
        </section>}
        <section>
          <h2>{S.agree.salience}</h2>
          {t.salience.icc ? (
            <div class="table-box"><table>
              <thead><tr><th scope="col">{S.agree.icc}</th><th scope="col">{S.agree.one}</th><th scope="col">{S.agree.mean}</th></tr></thead>
              <tbody>{[0, 1, 2].map((n) => <tr key={n}><th scope="row">{S.agree.forms[n]}</th><td>{num(t.salience.icc[n])}</td><td>{num(t.salience.icc[n + 3])}</td></tr>)}
                <tr><th scope="row">{S.agree.ordinal}</th><td>{num(t.salience.alpha_ordinal)}</td><td /></tr></tbody>
            </table></div>
          ) : <p class="quiet">{S.agree.undefined}</p>}
          <p class="quiet small">{S.agree.rated(t.salience.minutes)}</p>
        </section>
      </div>
      {habits}
    </>
  );
}

function Bar({ value, interval }: { value: number | null; interval: [number, number] | null }) {
  if (value === null) return <>–</>;
  const at = (v: number) => `${Math.max(0, Math.min(1, v)) * 100}%`;
  return (
    <span class="bar-cell">
      <span class="track" aria-hidden="true">
        {interval && <i class="whisker" style={{ left: at(interval[0]), width: `calc(${at(interval[1])} - ${at(interval[0])})` }} />}
        <i class="point" style={{ left: at(value) }} />
      </span>
      <span class="num">{num(value)}</span>
    </span>
  );
}

function Habits({ list }: { list: any[] }) {
  if (!list.length) return null;
  const share = (v: number | null) => (v === null ? "–" : `${Math.round(v * 100)} %`);
  return (
    <section class="habits">
      <h2>{S.agree.habits}</h2>
      <div class="table-box" tabIndex={0} role="region" aria-label={S.agree.habits}><table>
        <thead><tr>{S.agree.habitCols.map((c, n) => <th key={n} scope="col">{c}</th>)}</tr></thead>
        <tbody>{list.map((h) => (
          <tr key={h.coder}><th scope="row">{h.coder}</th><td>{h.candidates}</td><td>{share(h.accept_rate)}</td><td>{h.further}</td><td>{share(h.further_rate)}</td><td>{h.controls}</td><td>{share(h.control_hit_rate)}</td><td>{num(h.time_over_clip)}{h.alarm && <span class="alarm small"> {h.alarm}</span>}</td></tr>
        ))}</tbody>
      </table></div>
      <p class="quiet small">{S.agree.habitsWhy}</p>
    </section>
  );
}
