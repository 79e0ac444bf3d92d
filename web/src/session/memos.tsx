import { useState } from "preact/hooks";
import { get, post } from "../api";
import { Dialog } from "../parts/dialog";
import { clock, complain, say } from "../state";
import { S } from "../strings";
import type { Clip, Memo, View } from "../types";

/** Writes a memo at the current moment or clip, and lists the coder's own. */
export function MemoDialog(props: { view: View; at: number; clip?: Clip; close: () => void }) {
  const [text, setText] = useState("");
  const [memos, setMemos] = useState<Memo[]>(props.view.own.memos);
  const span = props.clip ?? { start_ms: Math.round(props.at), end_ms: Math.round(props.at) + 1000 };
  const keep = async () => {
    if (!text.trim()) return;
    try {
      await post(`sessions/${props.view.id}/memos`, { start_ms: span.start_ms, end_ms: span.end_ms, text: text.trim() });
      setText("");
      const fresh = (await get(`sessions/${props.view.id}/own`)) as View["own"];
      setMemos((props.view.own.memos = fresh.memos));
      say(S.session.kept);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Dialog title={`${S.session.memoHere} ${clock(span.start_ms)}`} close={props.close}>
      <label class="hidden-text" for="memo">{S.session.memo}</label>
      <textarea id="memo" rows={5} value={text} onInput={(e) => setText(e.currentTarget.value)} autofocus />
      <div class="row end"><button class="primary" onClick={keep}>{S.session.save}</button></div>
      <h3>{S.session.memos}</h3>
      {memos.length === 0 && <p class="quiet small">{S.session.noMemos}</p>}
      <ul class="memos">{memos.map((memo) => <li key={memo.unit}><span class="quiet small">{clock(memo.start_ms)}</span> {memo.text}</li>)}</ul>
    </Dialog>
  );
}
