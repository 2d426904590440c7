import { api } from "../../api/client";
import type { Job } from "../../api/types";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { Progress } from "../../ui/progress";
import { timeLeft, underWay } from "../session/jobs";
import type { SessionModel } from "../session/session-model";
import "./job-result.css";

/** How far something is that was asked for here; then what can be downloaded. */
export function JobResult({ model, job }: { model: SessionModel; job: Job | null }) {
  if (!job) {
    return null;
  }
  if (underWay(job)) {
    return (
      <div class="job-result" role="status">
        <div class="job-result-head">
          <span>{job.phase || "Waiting for its turn"}</span>
          <span class="text-dim">{timeLeft(job)}</span>
          <Button kind="quiet" onClick={() => void api.cancel(model.id, job.id).catch(() => {})}>
            Cancel
          </Button>
        </div>
        <Progress label={job.phase} share={job.state === "queued" ? null : job.share} />
      </div>
    );
  }
  if (job.state === "failed") {
    return (
      <p class="job-result job-result-failed" role="alert">
        {job.message}
      </p>
    );
  }
  return job.state === "done" ? <Made model={model} job={job} /> : null;
}

function Made({ model, job }: { model: SessionModel; job: Job }) {
  return (
    <ul class="job-result" aria-label="Ready to download">
      {filesOf(job).map(({ file, notes }) => (
        <li key={file}>
          <a class="job-result-file" href={api.fileUrl(model.id, file)} download>
            <Icon name="save" />
            {file.split("/").at(-1)}
          </a>
          {notes.map((note) => (
            <p class="text-dim" key={note}>
              {note}
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** Files of a result with what to know of each: exports tell it of every session, rendering of the mix, its first file. */
function filesOf({ result }: Job): { file: string; notes: string[] }[] {
  const sessions = Array.isArray(result?.sessions) ? (result.sessions as { file: string; notes: string[] }[]) : [];
  const files = Array.isArray(result?.files) ? result.files.map(String) : [];
  const ofMix = Array.isArray(result?.notes) ? result.notes.map(String) : [];
  return files.map((file, place) => ({
    file,
    notes: sessions.find((session) => session.file === file)?.notes ?? (place === 0 ? ofMix : []),
  }));
}
