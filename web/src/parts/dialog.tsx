import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { S } from "../strings";

/** The browser's own modal dialog: keeps the focus inside, Escape closes it. */
export function Dialog(props: { title: string; close: () => void; children: ComponentChildren; wide?: boolean }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog ref={box} class={props.wide ? "wide" : ""} aria-label={props.title} onClose={props.close} onKeyDown={(e) => e.stopPropagation()}>
      <div class="dialog-head">
        <h2>{props.title}</h2>
        <button class="plain" onClick={() => box.current?.close()}>{S.close}</button>
      </div>
      {props.children}
    </dialog>
  );
}
