import { Loaded, useLoad } from "../parts/load";
import { clock, me, minutes } from "../state";
import { S } from "../strings";

type Row = {
  id: string; ready: boolean; problem?: string; length_s: number; stage: string; coders: number; locked: number; open: boolean;
  coded: number; minutes: number; rated: number; clips: number; decided: number; left_s: number; picture: boolean;
};

export function Sessions() {
  const { data, error, again } = useLoad<Row[]>("sessions");
  const codes = me.value?.role !== "supervisor";
  return (
    <main class="page">
      <h1>{S.list.title}</h1>
      {codes && <p class="quiet">{S.list.order}</p>}
      <Loaded error={error} again={again} ready={!!data}>
        {() =>
          data!.length === 0 ? (
            <div class="empty"><p>{S.list.none}</p><code>{S.list.noneHow}</code></div>
          ) : (
            <ul class="sessions">{data!.map((row) => <Line key={row.id} row={row} codes={codes} />)}</ul>
          )
        }
      </Loaded>
    </main>
  );
}

function Line({ row, codes }: { row: Row; codes: boolean }) {
  if (!row.ready)
    return <li class="session off"><strong>{row.id}</strong><span class="quiet">{row.problem ?? S.list.notReady}</span></li>;
  const part = row.stage === "flags" ? (row.clips ? row.decided / row.clips : 0) : row.stage === "done" ? 1 : row.rated / row.minutes;
  return (
    <li class="session">
      <div class="session-id"><strong>{row.id}</strong><span class="quiet small">{clock(row.length_s * 1000)}</span></div>
      {!codes ? <span class="quiet">{row.open ? S.list.seen : S.list.notYet}</span> : <div class="progress-cell">
        <div class="stages" data-stage={row.stage}>
          <span class={`stage ${row.stage}`}>{S.list.stages[row.stage]}</span>
          <span class="quiet small">
            {row.stage === "flags" || row.stage === "done"
              ? `${row.decided} / ${row.clips} ${S.list.decided}`
              : `${row.coded} ${S.list.coded} · ${row.rated} / ${row.minutes} ${S.list.rated}`}
          </span>
        </div>
        <progress max={1} value={part} aria-label={`${row.id} ${S.list.stages[row.stage]}`} />
      </div>}
      <span class="quiet small left">{row.left_s > 0 && codes ? `${minutes(row.left_s)} ${S.list.left}` : ""}</span>
      <span class="quiet small">{S.list.locked} {row.locked} / {row.coders}</span>
      <div class="row">
        {row.open && <a class="button" href={`#/session/${row.id}/consensus`}>{S.list.meeting}</a>}
        {row.open && <a class="button" href={`#/session/${row.id}/summary`}>{S.list.supervisor}</a>}
        {(codes || row.open) && (
          <a class={`button ${row.stage !== "done" && codes ? "primary" : ""}`} href={`#/session/${row.id}`} aria-label={`${S.list.open[row.stage]}: ${row.id}`}>
            {S.list.open[codes ? row.stage : "done"]}
          </a>
        )}
      </div>
    </li>
  );
}
