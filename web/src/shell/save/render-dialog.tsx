import { useState } from "preact/hooks";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { DeliveryInput } from "../delivery-input";
import { underWay } from "../session/jobs";
import type { SessionModel } from "../session/session-model";
import { figure } from "../wording";
import { JobResult } from "./job-result";
import { useJob } from "./use-job";

const BITS = { PCM_16: "16 bit, dithered", PCM_24: "24 bit", FLOAT: "32 bit float" } as const;
type Subtype = keyof typeof BITS;

interface RenderDialogProps {
  model: SessionModel;
  stems: boolean;
  onClose: () => void;
}

/** The mix, or its stems, as WAV. */
export function RenderDialog({ model, stems, onClose }: RenderDialogProps) {
  const settings = model.desk.value?.mix.value.render;
  const [subtype, setSubtype] = useState<Subtype>(settings?.subtype ?? "PCM_24");
  const [loudness, setLoudness] = useState("document");
  const [lufs, setLufs] = useState(-14);
  const [job, start] = useJob(model, "render");
  const asked = loudness === "lufs" ? lufs : loudness;
  return (
    <Dialog
      title={stems ? "Processed stems" : "Mix as WAV"}
      onClose={onClose}
      actions={
        <Button kind="primary" disabled={underWay(job)} onClick={() => void start({ subtype, loudness: asked, stems })}>
          Render
        </Button>
      }
    >
      <div class="save-form">
        <Samples subtype={subtype} onChange={setSubtype} />
        <label for="render-loudness">Loudness</label>
        <select
          id="render-loudness"
          class="select"
          value={loudness}
          onChange={(event) => setLoudness(event.currentTarget.value)}
        >
          <option value="document">{inWords(settings?.loudness_lufs)}</option>
          <option value="keep">As it comes out of the master</option>
          <option value="lufs">Other</option>
        </select>
        {loudness === "lufs" && (
          <>
            <label for="render-lufs">LUFS</label>
            <DeliveryInput id="render-lufs" name="render.loudness_lufs" value={lufs} onChange={setLufs} />
          </>
        )}
        <label for="render-tail">Tail, s</label>
        <DeliveryInput
          id="render-tail"
          name="render.tail_s"
          value={settings?.tail_s ?? 0}
          onChange={(seconds) => model.desk.peek()?.render({ tail_s: seconds })}
        />
      </div>
      <p class="save-where">
        For as long as its tail the mix goes on after the stems, so that the reverb dies away. The true peak stays below{" "}
        {figure(settings?.ceiling_dbtp)} dBTP.
      </p>
      <JobResult model={model} job={job} />
    </Dialog>
  );
}

function Samples({ subtype, onChange }: { subtype: Subtype; onChange: (subtype: Subtype) => void }) {
  return (
    <>
      <label for="render-bits">Samples</label>
      <select
        id="render-bits"
        class="select"
        value={subtype}
        onChange={(event) => onChange(event.currentTarget.value as Subtype)}
      >
        {Object.entries(BITS).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </>
  );
}

function inWords(lufs: number | null | undefined): string {
  return lufs === null || lufs === undefined ? "As it comes out of the master" : `As in the mix: ${figure(lufs)} LUFS`;
}
