import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { messageOf } from "../../api/http";
import type { SessionSummary } from "../../api/types";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { notify } from "../../ui/toast";
import { hrefOf } from "../route";
import { forgetKept } from "../session/autosave";
import { clock, whenOf } from "../wording";
import "./session-cards.css";

interface SessionCardsProps {
  /** Null while they are asked for. */
  sessions: readonly SessionSummary[] | null;
  onChanged: () => void;
}

export function SessionCards({ sessions, onChanged }: SessionCardsProps) {
  const [removing, setRemoving] = useState<SessionSummary | null>(null);
  if (!sessions?.length) {
    return <p class="text-dim">{sessions ? "None yet. What you begin is kept here." : "…"}</p>;
  }
  return (
    <>
      <ul class="cards">
        {sessions.map((session) => (
          <Card key={session.id} session={session} onRemove={() => setRemoving(session)} />
        ))}
      </ul>
      {removing && <RemoveDialog session={removing} onClose={() => setRemoving(null)} onChanged={onChanged} />}
    </>
  );
}

function Card({ session, onRemove }: { session: SessionSummary; onRemove: () => void }) {
  const facts = [
    `${session.stems} stem${session.stems === 1 ? "" : "s"}`,
    session.seconds > 0 && clock(session.seconds),
    session.revision > 0 ? "mixed" : session.references > 0 ? "ready to match" : "no reference yet",
  ];
  return (
    <li class="card">
      {session.problem ? (
        <div class="card-link">
          <strong>{session.title}</strong>
          <span class="card-problem">{session.problem}</span>
        </div>
      ) : (
        <a class="card-link" href={hrefOf({ view: "session", id: session.id })}>
          <strong>{session.title}</strong>
          <span class="text-dim">{facts.filter(Boolean).join(" · ")}</span>
          <span class="text-dim">{whenOf(session.changed_at)}</span>
        </a>
      )}
      <Button kind="quiet" icon="trash" label={`Remove ${session.title}`} class="card-remove" onClick={onRemove} />
    </li>
  );
}

interface RemoveDialogProps {
  session: SessionSummary;
  onClose: () => void;
  onChanged: () => void;
}

function RemoveDialog({ session, onClose, onChanged }: RemoveDialogProps) {
  const remove = async () => {
    try {
      await api.remove(session.id);
      forgetKept(session.id);
      onChanged();
    } catch (reason) {
      notify(messageOf(reason), "bad");
    }
    onClose();
  };
  const what = session.linked
    ? "Your own files, and the mix.json that it was opened from, stay where they are."
    : "The uploaded files and the mix go with it. This cannot be undone.";
  return (
    <Dialog
      title={`Remove “${session.title}”?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" icon="trash" onClick={remove}>
            Remove
          </Button>
        </>
      }
    >
      <p>{what}</p>
    </Dialog>
  );
}
