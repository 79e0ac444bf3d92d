import { useState } from "preact/hooks";
import { remember, remembered } from "../state";
import { S } from "../strings";
import { Dialog } from "./dialog";

/** Three steps, once per browser. */
export function Tour() {
  const [step, setStep] = useState(remembered("tour") ? -1 : 0);
  if (step < 0) return null;
  const end = () => {
    remember("tour", "seen");
    setStep(-1);
  };
  const [title, text] = S.tour.steps[step];
  const last = step === S.tour.steps.length - 1;
  return (
    <Dialog title={title} close={end}>
      <p class="tour-text">{text}</p>
      <div class="row end">
        <span class="dots" aria-hidden="true">{S.tour.steps.map((_, n) => <i key={n} class={n === step ? "on" : ""} />)}</span>
        {!last && <button class="plain" onClick={end}>{S.tour.skip}</button>}
        <button class="primary" onClick={() => (last ? end() : setStep(step + 1))}>{last ? S.tour.done : S.tour.next}</button>
      </div>
    </Dialog>
  );
}
