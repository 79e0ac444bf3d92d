import { useState } from "preact/hooks";
import { post } from "../api";
import { loadMe, me, need } from "../state";
import { S } from "../strings";

export function Enter() {
  const [wrong, setWrong] = useState("");
  const network = need.value === "password" || me.value?.network;
  const go = async (name: string, password = "") => {
    setWrong("");
    try {
      await post("enter", { name, password });
      await loadMe();
    } catch (error: any) {
      setWrong(error.message);
    }
  };
  if (need.value === "token")
    return (
      <main class="center">
        <div class="card"><h1>{S.app}</h1><p>{S.enter.token}</p></div>
      </main>
    );
  const coders = me.value?.coders ?? [];
  return (
    <main class="center">
      <div class="card enter">
        <p class="quiet small">{me.value?.study ?? S.app}</p>
        <h1>{S.enter.title}</h1>
        {network ? (
          <Password go={go} />
        ) : (
          <>
            <p class="quiet">{coders.length ? S.enter.intro : S.enter.first}</p>
            <ul class="names">
              {coders.map((coder) => (
                <li key={coder.name}>
                  <button onClick={() => go(coder.name)}>
                    <span>{coder.name}</span>
                    <span class="quiet small">{S.enter.roles[coder.role]}</span>
                  </button>
                </li>
              ))}
            </ul>
            {coders.length === 0 ? <AddFirst wrong={setWrong} go={go} />
              : coders.some((coder) => coder.role === "lead") ? <p class="quiet small">{S.enter.missing}</p>
              : <p class="quiet small">{S.enter.noLead} <code>{S.enter.noLeadHow}</code></p>}
          </>
        )}
        {wrong && <p class="error" role="alert">{wrong}</p>}
      </div>
    </main>
  );
}

function Password(props: { go: (name: string, password: string) => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  return (
    <form onSubmit={(e) => (e.preventDefault(), props.go(name, password))} class="stack">
      <label>{S.enter.name}<input value={name} onInput={(e) => setName(e.currentTarget.value)} autocomplete="username" required /></label>
      <label>{S.enter.password}
        <input type="password" value={password} onInput={(e) => setPassword(e.currentTarget.value)} autocomplete="current-password" required />
      </label>
      <button class="primary">{S.enter.go}</button>
    </form>
  );
}

/** The first person of a study leads it. */
function AddFirst(props: { wrong: (text: string) => void; go: (name: string) => Promise<void> }) {
  const [name, setName] = useState("");
  const add = async (event: Event) => {
    event.preventDefault();
    props.wrong("");
    try {
      await post("coders", { name, role: "lead" });
      await loadMe();
      await props.go(name.trim());
    } catch (error: any) {
      props.wrong(error.message);
    }
  };
  return (
    <form class="add first" onSubmit={add}>
      <label>{S.enter.name}<input value={name} onInput={(e) => setName(e.currentTarget.value)} maxLength={40} required /></label>
      <button class="primary">{S.enter.addFirst}</button>
    </form>
  );
}
