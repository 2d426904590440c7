import { Button } from "../../ui/button";
import { underWay } from "../session/jobs";
import type { SessionModel } from "../session/session-model";
import { AmountSliders } from "./amount-sliders";
import { leftOutInWords } from "./left-out";
import { MatchOutcome } from "./match-outcome";
import { MatchProgress } from "./match-progress";
import { MatchSetup } from "./match-setup";
import { isMatched } from "./matched";
import "./match-panel.css";

/** Everything about the match: how it is to be done, how far it is, and how much of it is wanted. */
export function MatchPanel({ model }: { model: SessionModel }) {
  const job = model.jobs.match.value;
  const desk = model.desk.value;
  const running = underWay(job);
  const matched = desk !== null && isMatched(desk.mix.value);
  const goesOn = desk !== null && !leftOutInWords(model);
  return (
    <aside class="match-panel" aria-label="Match">
      <header class="match-head">
        <h2>Match</h2>
        <Button kind="quiet" icon="close" label="Close the match panel" onClick={() => model.toggleMatch()} />
      </header>
      {running ? (
        <MatchProgress model={model} job={job} />
      ) : (
        <MatchSetup model={model} goesOn={goesOn} again={goesOn && matched} />
      )}
      {matched && !running && <AmountSliders model={model} desk={desk} />}
      {matched && !running && <MatchOutcome model={model} desk={desk} />}
    </aside>
  );
}
