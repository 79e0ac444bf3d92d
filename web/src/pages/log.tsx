import { useEffect, useState } from "preact/hooks";
import { get } from "../api";
import { Loaded, useLoad } from "../parts/load";
import { complain, me } from "../state";
import { S } from "../strings";

type Line = { id: number; at_ms: number; who: string; action: string; session: string; detail: string };
type Found = { verified: { lines: number; head: string; problems: string[] }; lines: Line[]; names: string[]; actions: string[]; more: boolean };

/** Who did what when: of oneself, for leads of everybody. */
export function Log() {
  const lead = me.value?.role === "lead";
  const [who, setWho] = useState(lead ? "" : me.value?.coder ?? "");
  const [action, setAction] = useState("");
  const asked = `log?who=${encodeURIComponent(who)}&action=${encodeURIComponent(action)}`;
  const { data, error, again } = useLoad<Found>(asked);
  const [older, setOlder] = useState<{ asked: string; lines: Line[]; more: boolean }>({ asked, lines: [], more: true });
  useEffect(() => setOlder({ asked, lines: [], more: true }), [asked]);
  const name = (id: string) => (id === "server" ? S.logPage.server : id);
  return (
    <main class="page">
      <h1>{S.logPage.title}</h1>
      <p class="quiet">{lead ? S.logPage.whyLead : S.logPage.whyOwn}</p>
      <Loaded error={error} again={again} ready={!!data}>
        {() => {
          const v = data!.verified;
          const lines = [...data!.lines, ...(older.asked === asked ? older.lines : [])];
          const more = older.asked === asked && older.lines.length ? older.more : data!.more;
          const next = async () => {
            try {
              const found: Found = await get(`${asked}&before=${lines[lines.length - 1].id}`);
              setOlder({ asked, lines: [...older.lines, ...found.lines], more: found.more });
            } catch (error) {
              complain(error);
            }
          };
          return (
            <>
              <div class="facts log-state">
                <div class="fact"><strong class={v.problems.length ? "error" : "good"}>{v.problems.length ? S.logPage.broken : S.logPage.whole}</strong><span class="quiet small">{v.lines} {S.logPage.lines}</span></div>
                <div class="fact head"><span class="mono">{v.head}</span><span class="quiet small">{S.logPage.head}. {S.logPage.headWhy}</span></div>
              </div>
              {v.problems.map((p) => <p key={p} class="error">{p}</p>)}
              <div class="row">
                {lead && (
                  <label class="inline">{S.logPage.who}
                    <select value={who} onChange={(e) => setWho(e.currentTarget.value)}>
                      <option value="">{S.logPage.everybody}</option>
                      <option value={me.value?.coder ?? ""}>{S.logPage.own}</option>
                      {data!.names.filter((n) => n !== me.value?.coder).map((n) => <option key={n} value={n}>{name(n)}</option>)}
                    </select>
                  </label>
                )}
                <label class="inline">{S.logPage.what}
                  <select value={action} onChange={(e) => setAction(e.currentTarget.value)}>
                    <option value="">{S.logPage.anything}</option>
                    {data!.actions.map((a) => <option key={a} value={a}>{S.logPage.actions[a] ?? a}</option>)}
                  </select>
                </label>
              </div>
              {lines.length === 0 ? <p class="empty">{S.logPage.none}</p> : (
                <div class="table-box" tabIndex={0} role="region" aria-label={S.logPage.title}>
                  <table class="log">
                    <thead><tr>{S.logPage.cols.map((c) => <th key={c} scope="col">{c}</th>)}</tr></thead>
                    <tbody>{lines.map((l) => (
                      <tr key={l.id}><td class="when">{when(l.at_ms)}</td><td>{name(l.who)}</td><td>{S.logPage.actions[l.action] ?? l.action}</td><td>{l.session}</td><td class="more">{l.detail}</td></tr>
                    ))}</tbody>
                  </table>
                </div>
              )}
              {more && lines.length > 0 && <div class="row"><button onClick={next}>{S.logPage.older}</button></div>}
            </>
          );
        }}
      </Loaded>
    </main>
  );
}

/** In the reader's own time, as "2026-01-31 14:05:09"; nothing for a line that was emptied. */
function when(ms: number): string {
  if (!ms) return "–";
  const at = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
