import { Button } from "../../ui/button";
import { underWay } from "../session/jobs";
import type { SessionModel } from "../session/session-model";
import "./match-button.css";

/** Opens the match panel; while a match runs it shows how far it is. */
export function MatchButton({ model }: { model: SessionModel }) {
  const job = model.jobs.match.value;
  const info = model.info.value;
  const ready = !!info && info.stems.length > 0 && info.references.length > 0;
  const running = underWay(job);
  return (
    <Button
      kind={model.matchOpen.value ? "plain" : "primary"}
      icon="match"
      class="match-button"
      aria-expanded={model.matchOpen.value}
      title={ready ? "Match to the reference (Ctrl+M)" : "Needs stems and a reference"}
      disabled={!ready && !model.desk.value}
      onClick={() => model.toggleMatch()}
    >
      {running ? `Matching ${Math.round(100 * job.share)} %` : "Match"}
    </Button>
  );
}
