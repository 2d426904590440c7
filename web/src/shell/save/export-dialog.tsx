import { useState } from "preact/hooks";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { underWay } from "../session/jobs";
import type { SessionModel } from "../session/session-model";
import { JobResult } from "./job-result";
import { useJob } from "./use-job";

/** The mix as sessions of other programs. */
export function ExportDialog({ model, onClose }: { model: SessionModel; onClose: () => void }) {
  const formats = model.facts.value?.about.formats ?? [];
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [job, start] = useJob(model, "export");
  const choose = (name: string, wanted: boolean) =>
    setChosen((before) => new Set(wanted ? [...before, name] : [...before].filter((other) => other !== name)));
  return (
    <Dialog
      title="Session for a DAW"
      onClose={onClose}
      actions={
        <Button
          kind="primary"
          disabled={chosen.size === 0 || underWay(job)}
          onClick={() => void start({ formats: [...chosen] })}
        >
          Export
        </Button>
      }
    >
      <fieldset class="save-formats" aria-label="Formats">
        {formats.map((format) => (
          <label class="save-format" key={format.name}>
            <input
              type="checkbox"
              checked={chosen.has(format.name)}
              onChange={(event) => choose(format.name, event.currentTarget.checked)}
            />
            <span>
              <strong class="save-format-title">{format.title}</strong>
              {format.about}
            </span>
          </label>
        ))}
      </fieldset>
      <JobResult model={model} job={job} />
    </Dialog>
  );
}
