import { api } from "../../api/client";
import { messageOf } from "../../api/http";
import type { Job } from "../../api/types";
import { Button } from "../../ui/button";
import { Progress } from "../../ui/progress";
import { notify } from "../../ui/toast";
import { timeLeft } from "../session/jobs";
import type { SessionModel } from "../session/session-model";
import { figure } from "../wording";
import { DistanceChart } from "./distance-chart";
import { termName } from "./terms";
import "./match-progress.css";

/** How far the match is, and how it comes nearer. */
export function MatchProgress({ model, job }: { model: SessionModel; job: Job }) {
  const trails = model.jobs.trails.value;
  const act = (what: Promise<unknown>) => void what.catch((reason: unknown) => notify(messageOf(reason), "bad"));
  const stoppable = job.state === "running" && trails.length > 0;
  return (
    <section class="match-part" aria-label="Matching" aria-live="off">
      <div class="match-part-head">
        <strong class="match-phase">{job.state === "queued" ? "Waiting for its turn" : job.phase || "Starting"}</strong>
        <span class="match-note figures">{Math.round(100 * job.share)} %</span>
      </div>
      <Progress label="The whole match" share={job.state === "queued" ? null : job.share} />
      <p class="match-left">{timeLeft(job)}</p>
      <DistanceChart trails={trails} />
      <Terms terms={trails.at(-1)?.terms ?? {}} />
      {model.desk.value && <p class="match-note">Go on mixing if you like: what you change meanwhile stays.</p>}
      <div class="match-actions">
        <Button
          kind="primary"
          disabled={!stoppable}
          title="Stop now and keep the best so far"
          onClick={() => act(api.stop(model.id, job.id))}
        >
          {job.state === "stopping" ? "Stopping…" : "Stop, keep the best"}
        </Button>
        <Button title="Nothing is changed" onClick={() => act(api.cancel(model.id, job.id))}>
          Cancel
        </Button>
      </div>
    </section>
  );
}

const MOST_TERMS = 6;

function Terms({ terms }: { terms: Record<string, number> }) {
  const largest = Object.entries(terms)
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_TERMS);
  const scale = largest[0]?.[1] || 1;
  return (
    <ul class="match-terms" aria-label="What is left of the distance">
      {largest.map(([name, value]) => (
        <li key={name}>
          <span>{termName(name)}</span>
          <meter min={0} max={scale} value={value} aria-label={termName(name)} />
          <span class="figures">{figure(value, 2)}</span>
        </li>
      ))}
    </ul>
  );
}
