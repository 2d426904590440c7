import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { messageOf } from "../../api/http";
import type { PastMix } from "../../api/types";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { notify } from "../../ui/toast";
import type { SessionModel } from "../session/session-model";
import { whenOf } from "../wording";

/** A version is what stood before something happened. */
const BEFORE: Record<string, string> = {
  page: "While working on the desk",
  balance: "Before stems were brought in",
  match: "Before a match",
  rematch: "Before matching again",
  restore: "Before going back to an earlier version",
  removal: "Before a stem was removed",
  link: "Before the document was opened again",
  outside: "Before another program changed it",
};

/** Versions to go back to. */
export function HistoryDialog({ model, onClose }: { model: SessionModel; onClose: () => void }) {
  const [past, setPast] = useState<PastMix[] | null>(null);
  useEffect(() => {
    api.history(model.id).then(setPast, (reason: unknown) => notify(messageOf(reason), "bad"));
  }, [model]);
  const restore = async (name: string) => {
    await model.document.settle();
    try {
      await api.restore(model.id, name);
      onClose();
    } catch (reason) {
      notify(messageOf(reason), "bad");
    }
  };
  return (
    <Dialog title="Earlier versions" onClose={onClose}>
      {past?.length === 0 && <p class="text-dim">None yet.</p>}
      <ul class={past?.length ? "save-list" : ""}>
        {past?.map((one) => (
          <li class="save-row" key={one.name}>
            <span>
              {BEFORE[one.origin] ?? one.origin}
              <span class="text-dim"> · {whenOf(one.saved_at_s)}</span>
            </span>
            <Button icon="history" onClick={() => void restore(one.name)}>
              Go back
            </Button>
          </li>
        ))}
      </ul>
      <p class="save-where">What is on the desk now is kept here too.</p>
    </Dialog>
  );
}
