import { useState } from "preact/hooks";
import { post, Refused } from "../api";
import { Dialog } from "../parts/dialog";
import { Loaded, useLoad } from "../parts/load";
import { complain, loadMe, me, say } from "../state";
import { S } from "../strings";

type Person = { name: string; role: string; standing: "in" | "left" | "out"; locked: number; has_password: boolean };
type Asked = { path: string; body: Record<string, unknown>; why: string };

/** Who takes part: for leads. What opens finished sessions again is asked first. */
export function People() {
  const { data, error, again } = useLoad<{ people: Person[]; sessions: number }>("coders");
  const [asked, setAsked] = useState<Asked | null>(null);
  const [leaving, setLeaving] = useState<Person | null>(null);
  const send = async (path: string, body: Record<string, unknown>) => {
    try {
      await post(path, body);
      setAsked(null);
      setLeaving(null);
      say(S.people.done(String(body.name)));
      again();
      await loadMe();
      return true;
    } catch (error) {
      if (error instanceof Refused && error.body?.reopens?.length) setAsked({ path, body, why: error.message });
      else complain(error);
      return false;
    }
  };
  const change = (person: Person, to: Partial<Person>) =>
    send("coders/change", { name: person.name, role: to.role ?? person.role, standing: to.standing ?? person.standing });
  return (
    <main class="page">
      <h1>{S.people.title}</h1>
      <p class="quiet">{S.people.intro}</p>
      <Loaded error={error} again={again} ready={!!data}>
        {() => (
          <>
            <div class="table-box" tabIndex={0} role="region" aria-label={S.people.title}>
              <table class="people">
                <thead><tr>{S.people.cols.map((c) => c ? <th key={c} scope="col">{c}</th> : <td key="end" />)}</tr></thead>
                <tbody>
                  {data!.people.map((person) => (
                    <tr key={person.name} class={person.standing === "in" ? "" : "gone"}>
                      <th scope="row">{person.name} <span class="quiet small">{S.people.standings[person.standing]}</span></th>
                      <td>
                        <select aria-label={`${S.enter.role}: ${person.name}`} value={person.role} disabled={person.standing !== "in"}
                          onChange={(e) => { const box = e.currentTarget; void change(person, { role: box.value }).then((ok) => ok || (box.value = person.role)); }}>
                          {Object.entries(S.enter.roles).map(([id, word]) => <option key={id} value={id}>{word}</option>)}
                        </select>
                      </td>
                      <td>{person.locked} {S.people.of} {data!.sessions}</td>
                      <td>
                        {person.standing === "in"
                          ? <button class="tiny" onClick={() => setLeaving(person)} aria-label={S.people.takeTitle(person.name)}>{S.people.take}</button>
                          : <button class="tiny" onClick={() => change(person, { standing: "in" })} aria-label={`${S.people.back}: ${person.name}`}>{S.people.back}</button>}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <AddPerson send={send} />
            <p class="quiet small">{S.people.roles}</p>
          </>
        )}
      </Loaded>
      {leaving && <Leaving person={leaving} close={() => setLeaving(null)} leave={(standing) => change(leaving, { standing })} />}
      {asked && (
        <Dialog title={S.people.sureTitle} close={() => setAsked(null)}>
          <p>{asked.why}.</p>
          <p class="quiet">{S.people.sureWhy}</p>
          <div class="row end">
            <button onClick={() => setAsked(null)}>{S.cancel}</button>
            <button class="primary" onClick={() => send(asked.path, { ...asked.body, sure: true })}>{S.people.sure}</button>
          </div>
        </Dialog>
      )}
    </main>
  );
}

function Leaving(props: { person: Person; close: () => void; leave: (standing: "left" | "out") => void }) {
  const { person } = props;
  return (
    <Dialog title={S.people.takeTitle(person.name)} close={props.close}>
      <p>{S.people.takeWhy}</p>
      {person.locked > 0 && <p>{S.people.takeLocked(person.locked)}</p>}
      <div class="stack">
        <button onClick={() => props.leave("left")}>{S.people.keep}</button>
        <button onClick={() => props.leave("out")}>{S.people.drop}</button>
        <button class="plain" onClick={props.close}>{S.cancel}</button>
      </div>
    </Dialog>
  );
}

function AddPerson({ send }: { send: (path: string, body: Record<string, unknown>) => Promise<boolean> }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("coder");
  const [password, setPassword] = useState("");
  const add = async (event: Event) => {
    event.preventDefault();
    if (await send("coders", { name, role, password })) setName(""), setPassword("");
  };
  return (
    <form class="add" onSubmit={add}>
      <label>{S.enter.name}<input value={name} onInput={(e) => setName(e.currentTarget.value)} maxLength={40} required /></label>
      {me.value?.network && (
        <label>{S.enter.password}<input type="password" value={password} minLength={8} autocomplete="new-password" onInput={(e) => setPassword(e.currentTarget.value)} required /></label>
      )}
      <label>{S.enter.role}
        <select value={role} onChange={(e) => setRole(e.currentTarget.value)}>
          {Object.entries(S.enter.roles).map(([id, word]) => <option key={id} value={id}>{word}</option>)}
        </select>
      </label>
      <button class="primary">{S.people.add}</button>
    </form>
  );
}
