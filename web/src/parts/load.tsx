import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../api";
import { S } from "../strings";

/** Fetches, and says when it is under way or failed. */
export function useLoad<T>(path: string): { data: T | null; error: string | null; again: () => void } {
  const [data, setData] = useState<T | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let live = true;
    get(path)
      .then((found) => live && (setData(found), setError(null)))
      .catch((e) => live && setError(e.message));
    return () => void (live = false);
  }, [path, turn]);
  return { data, error, again: () => setTurn((n) => n + 1) };
}

export function Loaded(props: { error: string | null; again: () => void; ready: boolean; children: () => ComponentChildren }) {
  if (props.error)
    return (
      <div class="empty" role="alert">
        <p>{props.error}</p>
        <button onClick={props.again}>{S.retry}</button>
      </div>
    );
  if (!props.ready) return <div class="empty quiet" aria-busy="true">{S.loading}</div>;
  return <>{props.children()}</>;
}
