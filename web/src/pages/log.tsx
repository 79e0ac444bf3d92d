import { Loaded, useLoad } from "../parts/load";
import { S } from "../strings";

export function Log() {
  const { data, error, again } = useLoad<any>("log");
  return (
    <main class="page">
      <h1>{S.logPage.title}</h1>
      <Loaded error={error} again={again} ready={!!data}>
        {() => {
          const v = data!.verified;
          return (
            <>
              <p class={v.problems.length ? "error" : "good"}>{v.problems.length ? S.logPage.broken : S.logPage.whole}: {v.lines} {S.logPage.lines}</p>
              <p class="quiet small mono">{v.head}</p>
              {v.problems.map((p: string) => <p key={p} class="error">{p}</p>)}
              <div class="table-box" tabIndex={0} role="region" aria-label={S.logPage.title}>
                <table class="log">
                  <thead><tr>{S.logPage.cols.map((c) => <th key={c} scope="col">{c}</th>)}</tr></thead>
                  <tbody>{data!.lines.map((l: any) => (
                    <tr key={l.id}><td class="mono">{new Date(l.at_ms).toISOString().replace("T", " ").slice(0, 19)}</td><td>{l.who}</td><td>{l.action}</td><td>{l.session}</td><td class="clip-text">{l.detail}</td></tr>
                  ))}</tbody>
                </table>
              </div>
            </>
          );
        }}
      </Loaded>
    </main>
  );
}
