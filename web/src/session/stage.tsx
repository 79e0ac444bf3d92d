import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api";
import { clock, complain } from "../state";
import { S } from "../strings";
import type { View } from "../types";
import { cropOf, transformOf } from "./face";
import type { Player } from "./player";

type MediaState = { state: "ready" | "making" | "missing"; share?: number; message?: string };

/** The recording: film or sound, as far as it can be played. */
export function Stage({ view, player }: { view: View; player: Player }) {
  const first = Math.max(0, view.media.findIndex((medium) => medium.picture));
  const [chosen, setChosen] = useState(first);
  const [states, setStates] = useState<MediaState[] | null>(null);
  const element = useRef<HTMLVideoElement>(null);

  useEffect(() => {
    let live = true;
    let timer = 0;
    const ask = () =>
      get(`sessions/${view.id}/media`)
        .then((found: MediaState[]) => {
          if (!live) return;
          setStates(found);
          if (found.some((one) => one.state === "making")) timer = window.setTimeout(ask, 700);
        })
        .catch(complain);
    void ask();
    return () => ((live = false), clearTimeout(timer));
  }, [view.id]);

  const state = states?.[chosen];
  const medium = view.media[chosen];
  useEffect(() => {
    player.attach(state?.state === "ready" ? element.current : null, medium?.offset_ms ?? 0);
  }, [state?.state, chosen]);

  // The face alone: the whole film goes on playing, enlarged and moved behind the screen's edges.
  const screen = useRef<HTMLDivElement>(null);
  const face = player.face.value;
  const close = player.close.value && face !== null && face.film === chosen;
  useEffect(() => {
    const film = element.current;
    const box = screen.current;
    if (!film || !box) return;
    const place = () => {
      const crop = close ? cropOf(face!, film.videoWidth, film.videoHeight) : null;
      const picture = { width: film.videoWidth, height: film.videoHeight };
      film.style.transform = crop ? transformOf(crop, { width: box.clientWidth, height: box.clientHeight }, picture) : "";
    };
    place();
    film.addEventListener("loadedmetadata", place);
    const size = new ResizeObserver(place);
    size.observe(box);
    return () => (film.removeEventListener("loadedmetadata", place), size.disconnect());
  }, [close, face, state?.state, chosen]);

  return (
    <section class="stage-box" aria-label={S.session.recording}>
      <div class={`screen ${close ? "close" : ""}`} ref={screen}>
        {state?.state === "ready" ? (
          // Words are beside it, in the transcript.
          <video key={chosen} ref={element} src={medium.url} preload="auto" playsInline tabIndex={-1} onClick={() => player.toggle()}>
            <track kind="captions" />
          </video>
        ) : (
          <div class="screen-empty">
            {state?.state === "making" && (
              <><p>{S.session.making}</p><progress max={1} value={state.share} aria-label={S.session.making} /></>
            )}
            {state?.state === "missing" && <><p><strong>{S.session.noMedia}</strong></p><p class="small">{state.message}</p></>}
            {(!state || !medium) && <p class="quiet">{states ? S.session.noMedia : S.loading}</p>}
          </div>
        )}
      </div>
      <div class="controls">
        <button class="play" onClick={() => player.toggle()} aria-label={player.playing.value ? S.session.pause : S.session.play}>
          {player.playing.value ? "❚❚" : "►"}
        </button>
        <span class="time"><Now player={player} /> <span class="quiet">/ {clock(view.end_ms)}</span></span>
        <span class="gap" />
        {face !== null && face.film === chosen && face.why === null && (
          <button class="plain" onClick={() => (player.close.value = !player.close.value)}>
            {close ? S.session.wholePicture : S.session.facePicture} <kbd>F</kbd>
          </button>
        )}
        <button class="plain" onClick={() => player.setMuted(!player.muted.value)}>
          {player.muted.value ? S.session.unmute : S.session.mute}
        </button>
        <select aria-label={S.session.faster} value={String(player.rate.value)} onChange={(e) => player.setRate(Number(e.currentTarget.value))}>
          {[0.5, 0.75, 1, 1.25, 1.5, 2].map((r) => <option key={r} value={String(r)}>{r} ×</option>)}
        </select>
        {view.media.length > 1 && (
          <select aria-label={S.session.recording} value={chosen} onChange={(e) => setChosen(Number(e.currentTarget.value))}>
            {view.media.map((m, n) => <option key={n} value={n}>{m.label}</option>)}
          </select>
        )}
      </div>
    </section>
  );
}

function Now({ player }: { player: Player }) {
  const tenths = Math.floor(player.time.value / 100);
  return <>{clock(Math.floor(tenths / 10) * 1000)}.{tenths % 10}</>;
}
