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
            <AddPerson first={coders.length === 0} wrong={setWrong} />
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

function AddPerson(props: { first: boolean; wrong: (text: string) => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState(props.first ? "lead" : "coder");
  const add = async (event: Event) => {
    event.preventDefault();
    props.wrong("");
    try {
      await post("coders", { name, role });
      setName("");
      setRole("coder");
      await loadMe();
    } catch (error: any) {
      props.wrong(error.message);
    }
  };
  return (
    <form class="add" onSubmit={add}>
      <label>{S.enter.name}<input value={name} onInput={(e) => setName(e.currentTarget.value)} maxLength={40} required /></label>
      <label>{S.enter.role}
        <select value={role} onChange={(e) => setRole(e.currentTarget.value)}>
          {Object.entries(S.enter.roles).map(([id, word]) => <option key={id} value={id}>{word}</option>)}
        </select>
      </label>
      <button>{S.enter.add}</button>
      <p class="quiet small">{S.enter.rolesWhy}</p>
    </form>
  );
}
