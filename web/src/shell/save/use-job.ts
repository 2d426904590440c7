import { useState } from "preact/hooks";
import type { Job, JobKind } from "../../api/types";
import type { SessionModel } from "../session/session-model";

/** The job that a dialog has started, as it is now. */
export function useJob(model: SessionModel, kind: JobKind): [Job | null, (options: object) => Promise<void>] {
  const [id, setId] = useState<string | null>(null);
  const start = async (options: object) => {
    const job = await model.run(kind, options);
    setId(job?.id ?? null);
  };
  return [id === null ? null : model.jobs.byId(id), start];
}
