import type { SaveState } from "./autosave";
import type { SessionModel } from "./session-model";
import "./save-status.css";

const WORDS: Record<SaveState, string> = {
  saved: "Saved",
  saving: "Saving",
  away: "Kept here",
  conflict: "Not saved",
  refused: "Not saved",
};
const ABOUT: Record<SaveState, string> = {
  saved: "Everything is saved.",
  saving: "On its way.",
  away: "The server is away. This browser keeps your changes and saves them when it is back.",
  conflict: "This mix was changed elsewhere too.",
  refused: "The server did not take the mix.",
};

/** Whether anything could be lost. */
export function SaveStatus({ model }: { model: SessionModel }) {
  const autosave = model.document.autosave.value;
  if (!autosave) {
    return null;
  }
  const state = autosave.state.value;
  return (
    <span class={`save-status save-status-${state}`} role="status" title={autosave.problem.value || ABOUT[state]}>
      {WORDS[state]}
    </span>
  );
}
