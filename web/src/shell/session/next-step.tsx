import type { Job, Session } from "../../api/types";
import { Button } from "../../ui/button";
import { Progress } from "../../ui/progress";
import { leftOutInWords } from "../match/left-out";
import { isMatched } from "../match/matched";
import { underWay } from "./jobs";
import type { SessionModel } from "./session-model";

/** The one thing to do next. */
export function NextStep({ model, info }: { model: SessionModel; info: Session }) {
  const demo = model.jobs.newest("demo");
  const balance = model.jobs.newest("balance");
  if (underWay(demo)) {
    return (
      <Busy job={demo} what="Making the demo song">
        Making a song and a reference for you to try. This takes a few seconds.
      </Busy>
    );
  }
  if (underWay(balance)) {
    return (
      <Busy job={balance} what="Balancing the stems">
        Balancing the stems: each as loud as its like usually is, without effects.
      </Busy>
    );
  }
  const left = leftOutInWords(model);
  if (left) {
    return (
      <div class="next-step">
        <p>{left}. Bring in what is new at its usual level, or match the song anew.</p>
        <Button onClick={() => void model.balance()}>Bring in</Button>
      </div>
    );
  }
  const mix = model.desk.value?.mix.value;
  const done = info.stems.length === 0 || (mix && isMatched(mix));
  return done || model.matchOpen.value || underWay(model.jobs.match.value) ? null : <Advice info={info} />;
}

function Busy({ job, what, children }: { job: Job; what: string; children: string }) {
  return (
    <div class="next-step" role="status">
      <p>{children}</p>
      <Progress label={what} share={job.share || null} />
    </div>
  );
}

function Advice({ info }: { info: Session }) {
  return (
    <div class="next-step">
      {info.references.length > 0 ? (
        <p>
          <strong>Ready.</strong> Look over the roles below, then press Match at the top. Play lets you hear the stems
          first.
        </p>
      ) : (
        <p>Play lets you hear the stems, balanced. Add a reference to have them mixed like it.</p>
      )}
    </div>
  );
}
