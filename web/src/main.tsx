import { render } from "preact";
import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import "./style.css";
import { loadMe, me, need, notice, remember, route, showKeys, theme } from "./state";
import { S } from "./strings";
import { Bar } from "./parts/bar";
import { Dialog } from "./parts/dialog";
import { Tour } from "./parts/tour";
import { Enter } from "./pages/enter";
import { Sessions } from "./pages/sessions";
import { SessionPage } from "./pages/session";
import { Consensus } from "./pages/consensus";
import { Agreement } from "./pages/agreement";
import { Theory } from "./pages/theory";
import { Summary } from "./pages/summary";
import { People } from "./pages/people";
import { Log } from "./pages/log";

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  remember("theme", theme.value);
});

function Where() {
  const [, first, id, rest] = route.value.split("?")[0].split("/");
  if (first === "session" && id && rest === "consensus") return <Consensus key={id} id={id} />;
  if (first === "session" && id && rest === "summary") return <Summary key={id} id={id} />;
  if (first === "session" && id) return <SessionPage key={id} id={id} />;
  if (first === "agreement") return <Agreement />;
  if (first === "theory") return <Theory />;
  if (first === "people") return <People />;
  if (first === "log") return <Log />;
  return <Sessions />;
}

function Keys() {
  return (
    <Dialog title={S.help} close={() => (showKeys.value = false)}>
      <dl class="keys">
        {S.keys.map(([key, what]) => (
          <div key={key}>
            <dt>{key.split(/\s+/).map((k) => <kbd key={k}>{k}</kbd>)}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

function App() {
  useEffect(() => void loadMe(), []);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key === "?" && !/^(input|textarea|select)$/i.test(target.tagName)) showKeys.value = true;
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  const inside = me.value?.coder && !need.value;
  return (
    <>
      {inside && <Bar />}
      {inside ? <Where /> : me.value || need.value ? <Enter /> : <main class="center quiet" aria-busy="true">{S.loading}</main>}
      {inside && <Tour />}
      {showKeys.value && <Keys />}
      <div class={`notice ${notice.value?.bad ? "bad" : ""}`} role="status" aria-live="polite" hidden={!notice.value}>
        {notice.value?.text}
      </div>
    </>
  );
}

render(<App />, document.getElementById("page")!);
