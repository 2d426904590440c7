import type { Upload, UploadState, Uploads } from "../../api/uploads";
import { Button } from "../../ui/button";
import { Progress } from "../../ui/progress";
import "./upload-rows.css";

const WORDS: Record<UploadState, string> = {
  waiting: "waiting",
  sending: "",
  checking: "checking",
  done: "",
  failed: "",
  cancelled: "",
};

/** Files on their way, and those that did not arrive, each with the reason. */
export function UploadRows({ uploads }: { uploads: Uploads }) {
  const list = uploads.list.value;
  return list.length === 0 ? null : (
    <ul class="uploads" aria-label="Uploads">
      {list.map((upload) => (
        <Row key={upload.id} upload={upload} uploads={uploads} />
      ))}
    </ul>
  );
}

function Row({ upload, uploads }: { upload: Upload; uploads: Uploads }) {
  const state = upload.state.value;
  const name = upload.file.name;
  if (state === "failed") {
    return (
      <li class="upload upload-failed" role="alert">
        <span class="upload-name">{name}</span>
        <span class="upload-message">{upload.message.value}</span>
        <Button kind="quiet" icon="close" label={`Forget ${name}`} onClick={() => uploads.forget(upload)} />
      </li>
    );
  }
  return (
    <li class="upload">
      <span class="upload-name">{name}</span>
      <Progress label={name} share={state === "checking" ? null : upload.share.value} />
      <span class="upload-state text-dim">{WORDS[state] || `${Math.round(100 * upload.share.value)} %`}</span>
      <Button kind="quiet" icon="close" label={`Cancel ${name}`} onClick={() => uploads.cancel(upload)} />
    </li>
  );
}
