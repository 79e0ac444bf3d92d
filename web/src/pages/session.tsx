import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, post } from "../api";
import { Loaded, useLoad } from "../parts/load";
import { clock, complain, say } from "../state";
import { S } from "../strings";
import type { Clip, Coding, Decided, View } from "../types";
import { Player } from "../session/player";
import { Stage } from "../session/stage";
import { Strip } from "../session/strip";
import { Transcript } from "../session/transcript";
import { BlindPanel, Lock } from "../session/blind";
import { FlagPanel } from "../session/flags";
import { MemoDialog } from "../session/memos";
import type { Marked, Timeline } from "../session/timeline";

export function SessionPage({ id }: { id: string }) {
  const { data, error, again } = useLoad<View>(`sessions/${id}`);
  return (
    <Loaded error={error} again={again} ready={!!data}>
      {() => <Session key={`${id}/${data!.stage}`} view={data!} again={again} />}
    </Loaded>
  );
}

export type Target = { turn: number | null; start_ms: number; end_ms: number } | null;

const NOTHING: [number, number][] = [];

function Session({ view, again }: { view: View; again: () => void }) {
  const player = useMemo(() => new Player(view.start_ms, view.end_ms), [view.id]);
  const asked = Number(new URLSearchParams(location.hash.split("?")[1] ?? "").get("t"));
  const [codings, setCodings] = useState<Coding[]>(view.own.codings);
  const [salience, setSalience] = useState(new Map(view.own.salience));
  const [turn, setTurn] = useState<number | null>(null);
  const [mark, setMark] = useState<{ start: number; end: number } | null>(null);
  const [open, setOpen] = useState<number | null>(null);
  const [clips, setClips] = useState<{ clips: Clip[]; decisions: Decided[] } | null>(null);
  const [now, setNow] = useState(0);
  const [memo, setMemo] = useState(false);
  const [locking, setLocking] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const line = useRef<Timeline | null>(null);
  const flags = view.stage === "flags" || view.stage === "done";
  const closed = view.stage === "done";

  useEffect(() => () => player.end_(), [player]);
  useEffect(() => {
    if (asked) player.seek(asked);
    if (flags)
      get(`sessions/${view.id}/clips`)
        .then((found) => {
          setClips(found);
          const first = found.clips.findIndex((c: Clip) => !found.decisions.some((d: Decided) => d.clip === c.id));
          setNow(Math.max(0, first));
        })
        .catch((e) => closed || complain(e));
  }, [view.id]);

  const target: Target = mark
    ? { turn: null, start_ms: Math.round(mark.start), end_ms: Math.round(mark.end) }
    : turn !== null
      ? { turn, start_ms: view.turns[turn].start_ms, end_ms: view.turns[turn].end_ms }
      : null;

  const reload = async () => {
    const found = (await get(`sessions/${view.id}/own`)) as View["own"];
    setCodings(found.codings);
  };
  const give = async (code: string) => {
    if (!target) return say(S.blind.target.none, true);
    try {
      await post(`sessions/${view.id}/codings`, { ...target, code });
      await reload();
      setMark(null);
      say(`${code}: ${S.session.kept}`);
    } catch (error) {
      complain(error);
    }
  };
  const takeBack = async (coding: Coding) => {
    try {
      await post(`sessions/${view.id}/codings`, { ...coding, removed: true });
      await reload();
    } catch (error) {
      complain(error);
    }
  };
  const undo = async () => {
    try {
      const back = await post(`sessions/${view.id}/undo`);
      await reload();
      say(back ? S.session.undone : S.session.nothingToUndo);
    } catch (error) {
      complain(error);
    }
  };
  const rate = async (minute: number, rating: number | null) => {
    try {
      await post(`sessions/${view.id}/salience`, { minute, rating });
      const next = new Map(salience);
      rating === null ? next.delete(minute) : next.set(minute, rating);
      setSalience(next);
    } catch (error) {
      complain(error);
    }
  };
  const minute = () => Math.floor((player.time.value - view.start_ms) / 60000);

  const press = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (/^(input|textarea|select)$/i.test(target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const onButton = target.tagName === "BUTTON" || target.tagName === "A" || target.getAttribute("role") === "radio";
    const step = event.shiftKey ? 5000 : 1000;
    const choose = (n: number) => {
      if (!view.turns.length) return;
      const to = Math.min(view.turns.length - 1, Math.max(0, n));
      setTurn(to);
      setMark(null);
      player.stopClip();
      player.seek(view.turns[to].start_ms);
    };
    const heard = view.turns.findIndex((t) => t.end_ms > player.time.value);
    const actions: Record<string, () => void> = {
      " ": () => player.toggle(),
      arrowleft: () => (player.stopClip(), player.seek(player.time.value - step)),
      arrowright: () => (player.stopClip(), player.seek(player.time.value + step)),
      ",": () => (player.pause(), player.seek(player.time.value - 40)),
      ".": () => (player.pause(), player.seek(player.time.value + 40)),
      arrowup: () => choose(turn === null ? heard : turn - 1),
      arrowdown: () => choose(turn === null ? heard : turn + 1),
      "+": () => line.current?.zoom(0.6, player.time.value),
      "=": () => line.current?.zoom(0.6, player.time.value),
      "-": () => line.current?.zoom(1 / 0.6, player.time.value),
      "0": () => line.current?.show(view.start_ms, view.end_ms - view.start_ms),
      "/": () => field.current?.focus(),
      i: () => (setOpen(player.time.value), say(`${S.blind.target.open} ${clock(player.time.value)}`)),
      o: () => {
        if (open === null || player.time.value <= open + 100) return say(S.blind.target.none, true);
        setMark({ start: open, end: player.time.value });
        setOpen(null);
        field.current?.focus();
      },
      escape: () => (setMark(null), setOpen(null), setTurn(null)),
      m: () => setMemo(true),
    };
    if (!flags && /^[1-5]$/.test(key)) actions[key] = () => void rate(minute(), Number(key));
    if (!flags) actions.z = () => void undo();
    const act = actions[key];
    // A turn or a line of evidence that has the focus is chosen by Enter; Space plays, as everywhere.
    const playsHere = key === " " && target.matches(".turn-button, .jump");
    if (!act || (onButton && !playsHere && (key === " " || key === "enter"))) return;
    if (playsHere) target.addEventListener("keyup", (up) => up.preventDefault(), { once: true });
    event.preventDefault();
    act();
  };
  // Before the next key can come: two quick presses must see each other.
  useLayoutEffect(() => {
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });

  const clip = clips?.clips[now];
  const marked: Marked[] = (clips?.clips ?? []).map((c, n) => ({
    start_ms: c.start_ms, end_ms: c.end_ms, label: [`${S.flags.clip} ${n + 1}`, c.codes.join(" ")].filter(Boolean).join(": "), tone: n === now ? "now" : "clip",
  }));
  const chooseTurn = (n: number) => (setTurn(n), setMark(null));

  return (
    <main class="session-page">
      <div class="session-head">
        <a href="#/" class="plain">‹ {S.session.back}</a>
        <h1>{view.id}</h1>
        <span class={`stage ${view.stage}`}>{S.list.stages[view.stage === "new" ? "blind" : view.stage]}</span>
        <span class="gap" />
        <button class="plain" onClick={() => setMemo(true)}>{S.session.memo} <kbd>M</kbd></button>
        {view.open && <a class="plain" href={`#/session/${view.id}/consensus`}>{S.list.meeting}</a>}
        {view.open && <a class="plain" href={`#/session/${view.id}/summary`}>{S.list.supervisor}</a>}
        {!flags && <button class="primary" onClick={() => setLocking(true)}>{S.blind.lock}</button>}
      </div>
      <div class="work">
        <div class="editor">
          <div class="upper">
            <Stage view={view} player={player} />
            <Transcript turns={view.turns} player={player} codings={codings} turn={turn} choose={chooseTurn} />
          </div>
          <Strip view={view} player={player} codings={codings} clips={marked} watch={clip?.watch ?? NOTHING} mark={mark ?? (open === null ? null : { start: open, end: open + 300 })} turn={mark ? null : turn}
            onMark={flags ? undefined : (start, end) => (setMark({ start, end }), setOpen(null), field.current?.focus())} ready={(t) => (line.current = t)} />
        </div>
        {flags ? (
          <FlagPanel view={view} player={player} field={field} found={clips} now={now} setNow={setNow} closed={closed}
            decided={(decisions) => clips && setClips({ ...clips, decisions })} again={again} show={(c) => line.current?.show(c.start_ms - 15000, c.end_ms - c.start_ms + 30000)} clip={clip} />
        ) : (
          <BlindPanel view={view} player={player} field={field} target={target} open={open} give={give} takeBack={takeBack}
            codings={codings} salience={salience} rate={rate} leave={() => setMark(null)} />
        )}
      </div>
      {locking && <Lock view={view} rated={salience.size} close={() => setLocking(false)} again={again} />}
      {memo && <MemoDialog view={view} at={player.time.value} clip={clip} close={() => setMemo(false)} />}
    </main>
  );
}
