import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Ref } from "preact";
import { get, post } from "../api";
import { Dialog } from "../parts/dialog";
import { clock, code, complain, minutes } from "../state";
import { S, who } from "../strings";
import type { Clip, Decided, Measured, View } from "../types";
import { Codebook } from "./codebook";
import { faceIn } from "./face";
import type { Player } from "./player";

/** The second pass: one clip after the other, decided by one key, without a default. */
export function FlagPanel(props: {
  view: View; player: Player; field: Ref<HTMLInputElement>; found: { clips: Clip[]; decisions: Decided[] } | null; now: number;
  setNow: (n: number) => void; closed: boolean; decided: (d: Decided[]) => void; again: () => void; show: (c: Clip) => void; clip: Clip | undefined;
}) {
  const { view, player, found, now, clip } = props;
  const [recoding, setRecoding] = useState(false);
  const [places, setPlaces] = useState<Record<string, [number, number][]>>();
  const [note, setNote] = useState("");
  // Without a film there is nothing to look at in silence.
  const film = view.media.some((medium) => medium.picture);
  const [look, setLook] = useState<"silent" | "sound" | null>(props.closed ? null : film ? "silent" : "sound");
  const [asking, setAsking] = useState(false);
  const since = useRef(performance.now());
  const last = useRef<string[]>([]);
  const mine = clip && found?.decisions.find((d) => d.clip === clip.id);

  useEffect(() => {
    if (!clip) return;
    since.current = performance.now();
    setNote(mine?.note ?? "");
    setRecoding(false);
    // A finished session is only looked at: nothing begins to play by itself.
    if (!props.closed) {
      props.show(clip);
      player.seek(clip.watch[0]?.[0] ?? clip.start_ms);
      play(film);
    }
    let live = true;
    player.face.value = null;
    // Without it the whole picture is shown.
    void faceIn(view.id, clip.watch.length ? clip.watch : [[clip.start_ms, clip.end_ms]]).then((face) => live && (player.face.value = face), () => undefined);
    return () => void (live = false);
  }, [clip?.id]);

  useEffect(() => {
    // Without them the list is as useful as before.
    if (recoding && !places) void get(`sessions/${view.id}/places`).then(setPlaces, () => undefined);
  }, [recoding]);

  const play = (silent: boolean) => {
    if (!clip) return;
    setLook(silent ? "silent" : "sound");
    player.close.value = silent;
    player.clip(clip.watch, silent);
  };
  const decide = async (verdict: string, chosen: string | null = null) => {
    if (!clip || !found || props.closed) return;
    const seconds = (performance.now() - since.current) / 1000;
    try {
      await post(`sessions/${view.id}/decisions`, { clip: clip.id, verdict, code: chosen, note, seconds });
      last.current.push(clip.id);
      const fresh = await get(`sessions/${view.id}/clips`);
      props.decided(fresh.decisions);
      setRecoding(false);
      const done = new Set(fresh.decisions.map((d: Decided) => d.clip));
      const next = found.clips.findIndex((c, n) => n > now && !done.has(c.id));
      const any = found.clips.findIndex((c) => !done.has(c.id));
      if (next >= 0) props.setNow(next);
      else if (any >= 0) props.setNow(any);
      else player.pause();
    } catch (error) {
      complain(error);
    }
  };
  const undo = async () => {
    const before = last.current.pop();
    if (!before || !found) return;
    try {
      await post(`sessions/${view.id}/decisions`, { clip: before, verdict: "open", code: null, note: "", seconds: 0 });
      props.decided((await get(`sessions/${view.id}/clips`)).decisions);
      props.setNow(found.clips.findIndex((c) => c.id === before));
    } catch (error) {
      complain(error);
    }
  };
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (/^(input|textarea|select)$/i.test(target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]")) return;
      const actions: Record<string, () => void> = {
        y: () => void decide("confirm"), n: () => void decide("reject"), u: () => void decide("unsure"),
        r: () => setRecoding(true), z: () => void undo(), s: () => play(false), f: () => (player.close.value = !player.close.value),
        "[": () => props.setNow(Math.max(0, now - 1)), "]": () => props.setNow(Math.min((found?.clips.length ?? 1) - 1, now + 1)),
      };
      const key = event.key.toLowerCase();
      // A finished session can still be watched.
      const act = !props.closed || "sf[]".includes(key) ? actions[key] : undefined;
      if (act) event.preventDefault(), act();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });

  const face = player.face.value;
  const shown = !face ? "" : face.why ? S.flags.noFace[face.why] ?? "" : player.close.value ? S.flags.close : S.flags.closeOff;
  if (!found) return <aside class="panel" aria-busy="true"><p class="empty quiet">{props.closed ? S.list.stages.done : S.loading}</p></aside>;
  const open = found.clips.filter((c) => !found.decisions.some((d) => d.clip === c.id));
  const left = open.reduce((sum, c) => sum + c.review_secs, 0);
  return (
    <aside class={`panel flags ${props.closed ? "closed" : ""}`} aria-label={S.flags.title}>
      <div class="flag-head">
        <div class="row between">
          <h2>{found.clips.length ? `${S.flags.clip} ${now + 1} ${S.flags.of} ${found.clips.length}` : S.flags.title}</h2>
          <span class="quiet small">{open.length ? `${minutes(left)} ${S.flags.left}` : ""}</span>
        </div>
        <div class="clip-dots" role="group" aria-label={S.flags.clip}>
          {found.clips.map((c, n) => (
            <button key={c.id} aria-label={`${S.flags.clip} ${n + 1}${found.decisions.some((d) => d.clip === c.id) ? `, ${S.flags.decided}` : ""}`}
              class={`${n === now ? "now" : ""} ${found.decisions.some((d) => d.clip === c.id) ? "set" : ""}`} onClick={() => props.setNow(n)} />
          ))}
        </div>
      </div>
      {!clip && <p class="empty quiet">{S.flags.none}</p>}
      {clip && (
        <div class="flag-body">
          <p class="asked"><span class="quiet small">{S.flags.asked}</span><strong>{S.flags.kinds[clip.asked] ?? clip.asked}</strong>
            <span class="quiet small">{clock(clip.start_ms)} – {clock(clip.end_ms)}</span></p>
          {props.closed && mine && (
            <p class="small">{S.flags.own}: <strong>{S.flags.verdicts[mine.verdict]}</strong>{mine.code && <> <span class="code-id">{mine.code}</span> {code(mine.code)?.label}</>}{mine.note && <span class="quiet">, {mine.note}</span>}</p>
          )}
          <div class="looks" role="group" aria-label={S.flags.again}>
            <button aria-pressed={look === "silent"} onClick={() => play(true)}>{S.flags.first}</button>
            <button aria-pressed={look === "sound"} onClick={() => play(false)}>{S.flags.second} <kbd>S</kbd></button>
          </div>
          <p class="quiet small looks-why">{S.flags.plays} {clip.watch.map(([a, b]) => `${clock(a)} – ${clock(b)}`).join(", ")} {S.flags.padding}. {shown}</p>
          {clip.codes.length > 0 && (
            <div class="evidence codes"><h3>{S.flags.codes}</h3>
              <ul>{clip.codes.map((id) => (
                <li key={id}><span class={`dot ${code(id)?.polarity ?? ""}`} aria-hidden="true" /> <span class="code-id">{id}</span> <span class="code-label" title={code(id)?.definition}>{code(id)?.label}</span> <span class="quiet small element">{elementOf(id)}</span></li>
              ))}</ul></div>
          )}
          <Evidence title={S.flags.measured} list={clip.evidence_for} player={player} />
          <Evidence title={S.flags.against} list={clip.evidence_against} player={player} />
          {clip.missing.length > 0 && (
            <details class="evidence"><summary>{S.flags.missing} ({clip.missing.length})</summary>
              <ul>{clip.missing.map((text, n) => <li key={n} class="quiet">{text}</li>)}</ul></details>
          )}
        </div>
      )}
      {clip && !props.closed && (
        <div class="decide">
          {recoding ? (
            <div class="recode"><Codebook field={(e) => void e?.focus()} give={(c) => void decide("recode", c.id)} leave={() => setRecoding(false)}
              places={places} go={(ms) => (player.pause(), player.seek(ms))} /></div>
          ) : (
            <>
              <label class="hidden-text" for="note">{S.flags.note}</label>
              <textarea id="note" rows={1} placeholder={S.flags.note} value={note} onInput={(e) => setNote(e.currentTarget.value)} />
              <div class="verdicts" role="group" aria-label={S.flags.asked}>
                {([["confirm", "Y"], ["reject", "N"], ["unsure", "U"], ["recode", "R"]] as const).map(([verdict, key]) => (
                  <button key={verdict} aria-pressed={mine?.verdict === verdict} onClick={() => (verdict === "recode" ? setRecoding(true) : void decide(verdict))}>
                    {S.flags[verdict]} <kbd>{key}</kbd>
                  </button>
                ))}
              </div>
              <div class="row between">
                <span class="quiet small">{mine ? `${S.flags.verdicts[mine.verdict]}${mine.code ? `: ${mine.code}` : ""}` : ""}</span>
                <button class="plain" onClick={undo}>{S.flags.undo} <kbd>Z</kbd></button>
              </div>
            </>
          )}
        </div>
      )}
      {!props.closed && open.length === 0 && (
        <div class="panel-foot"><button class="primary wide" onClick={() => setAsking(true)}>{S.flags.finish}</button></div>
      )}
      {asking && <Finish view={view} close={() => setAsking(false)} again={props.again} />}
    </aside>
  );
}

/** In a word: the element of the paradigm that a code belongs to. */
const ELEMENTS = ["causal", "context", "intervening", "action", "consequence"];
const elementOf = (id: string) => S.theory.short[ELEMENTS.indexOf(code(id)?.element ?? "")] ?? S.theory.extension;

function Evidence({ title, list, player }: { title: string; list: Measured[]; player: Player }) {
  return (
    <div class="evidence">
      <h3>{title}</h3>
      {list.length === 0 && <p class="quiet small">{S.flags.nothing}</p>}
      <ul>
        {list.map((one, n) => (
          <li key={n}>
            <button class="jump" onClick={() => (player.stopClip(), player.seek(one.start_ms))}>
              <span>{one.sentence}</span><span class="quiet small">{who(one.who)}, {clock(one.start_ms)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Finish(props: { view: View; close: () => void; again: () => void }) {
  const finish = async () => {
    try {
      await post(`sessions/${props.view.id}/finish`);
      props.close();
      props.again();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Dialog title={S.flags.finish} close={props.close}>
      <p>{S.flags.finishSure}</p>
      <div class="row end"><button onClick={props.close}>{S.cancel}</button><button class="primary" onClick={finish}>{S.flags.finish}</button></div>
    </Dialog>
  );
}
