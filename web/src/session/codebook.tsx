import { useMemo, useRef, useState } from "preact/hooks";
import type { Ref } from "preact";
import { clock, codes } from "../state";
import { S } from "../strings";
import type { Code } from "../types";

/** Codes whose words hold every word of the search, best first. */
export function search(all: Code[], text: string): Code[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const score = (code: Code) => {
    let sum = 0;
    for (const word of words) {
      if (code.id === word) sum += 100;
      else if (code.id.startsWith(word)) sum += 20;
      else if (code.label.toLowerCase().includes(word)) sum += 10;
      else if (code.primary.toLowerCase().includes(word)) sum += 5;
      else if (`${code.axial} ${code.definition}`.toLowerCase().includes(word)) sum += 1;
      else return -1;
    }
    return sum;
  };
  return all.map((code) => [code, score(code)] as const).filter(([, s]) => s >= 0)
    .sort((a, b) => b[1] - a[1] || a[0].id.localeCompare(b[0].id)).map(([code]) => code);
}

/** The type of the attributes asks for a native list, which this one is not. */
const COMBOBOX = { role: "combobox" } as object;

/** Search field and list; Enter gives the lit code. */
export function Codebook(props: { field: Ref<HTMLInputElement>; give: (code: Code) => void; recent?: string[]; leave: () => void; places?: Record<string, [number, number][]>; go?: (ms: number) => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const recent = props.recent?.join(" ") ?? "";
  const found = useMemo(() => {
    const all = search(codes.value, text);
    // Without a search, what the coder uses most stands first.
    const place = (code: Code) => (props.recent?.indexOf(code.id) ?? -1) >>> 0;
    return text ? all : all.sort((a, b) => place(a) - place(b));
  }, [text, codes.value, recent]);
  const lit = Math.min(at, found.length - 1);
  const press = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = Math.min(found.length - 1, Math.max(0, lit + (event.key === "ArrowDown" ? 1 : -1)));
      setAt(next);
      list.current?.children[next]?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && found[lit]) {
      event.preventDefault();
      props.give(found[lit]);
      setText("");
      setAt(0);
      // The arrows belong to the turns again.
      (event.currentTarget as HTMLElement).blur();
    } else if (event.key === "Escape") {
      setText("");
      props.leave();
      (event.currentTarget as HTMLElement).blur();
    }
  };
  return (
    <div class="codebook">
      <input ref={props.field} type="search" {...COMBOBOX} aria-expanded="true" aria-controls="code-list" aria-label={S.blind.search}
        aria-activedescendant={found[lit] ? `code-${found[lit].id}` : undefined} placeholder={`${S.blind.search}  /`} value={text}
        onInput={(e) => (setText(e.currentTarget.value), setAt(0))} onKeyDown={press} />
      <ul id="code-list" role="listbox" ref={list} aria-label={S.blind.search} tabIndex={-1}>
        {found.map((code, n) => (
          <li key={code.id} id={`code-${code.id}`} role="option" aria-selected={n === lit} class={n === lit ? "lit" : ""} title={code.definition}
            onMouseMove={() => n !== lit && setAt(n)} onClick={() => props.give(code)}>
            <span class={`dot ${code.polarity}`} aria-hidden="true" />
            <span class="code-id">{code.id}</span>
            <span class="code-label">{code.label}</span>
            <span class="code-where quiet small">{code.primary}</span>
            {n === lit && <span class="code-definition small">{code.definition}</span>}
          </li>
        ))}
      </ul>
      {props.places && found[lit]?.look !== null && found[lit] && <Places code={found[lit]} found={props.places[found[lit].id] ?? []} go={props.go} />}
      {found.length === 0 && <p class="empty quiet">{S.blind.noMatch}</p>}
    </div>
  );
}

/** Most moments that are listed. */
const LISTED = 12;

/** Where to look for a code that no rule finds. */
function Places({ code, found, go }: { code: Code; found: [number, number][]; go?: (ms: number) => void }) {
  return (
    <div class="places small" role="group" aria-label={`${S.flags.lookAt} ${code.id}`}>
      <span class="quiet">{found.length ? S.flags.look : S.flags.lookNone}</span>
      {found.slice(0, LISTED).map(([start]) => <button key={start} class="tiny" onClick={() => go?.(start)}>{clock(start)}</button>)}
      {found.length > LISTED && <span class="quiet">+ {found.length - LISTED}</span>}
      {code.look && <p class="quiet">{code.look}</p>}
    </div>
  );
}
