import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { messageOf } from "../../api/http";
import type { OutputFiles } from "../../api/types";
import { Dialog } from "../../ui/dialog";
import { notify } from "../../ui/toast";
import type { SessionModel } from "../session/session-model";
import { megabytes, whenOf } from "../wording";

/** All that was made of the session: to download, and where it lies. */
export function DownloadsDialog({ model, onClose }: { model: SessionModel; onClose: () => void }) {
  const [made, setMade] = useState<OutputFiles | null>(null);
  useEffect(() => {
    api.files(model.id).then(setMade, (reason: unknown) => notify(messageOf(reason), "bad"));
  }, [model]);
  return (
    <Dialog title="Files made so far" wide onClose={onClose}>
      <ul class="save-list">
        {made?.files.map((file) => (
          <li class="save-row" key={file.path}>
            <a href={api.fileUrl(model.id, file.path)} download>
              {file.path}
            </a>
            <span class="text-dim figures">{megabytes(file.bytes)}</span>
            <span class="text-dim">{whenOf(file.changed_at_s)}</span>
          </li>
        ))}
      </ul>
      {made && <p class="save-where">They lie in {made.folder}.</p>}
    </Dialog>
  );
}
