import { useMemo } from "preact/hooks";
import { type Shortcut, useShortcuts } from "../keymap";
import { helpOpen } from "./help";
import type { SessionModel } from "./session-model";

const STEP_S = 5;

/** The keys of a session; the desk has its own. */
export function useSessionShortcuts(model: SessionModel): void {
  useShortcuts(
    "Listening",
    useMemo(() => listening(model), [model]),
  );
  useShortcuts(
    "Working",
    useMemo(() => working(model), [model]),
  );
}

function listening(model: SessionModel): Shortcut[] {
  const { playback } = model;
  const step = (seconds: number) => playback.seekSeconds(playback.seconds.peek() + seconds);
  return [
    { keys: ["Space"], about: "Play, pause", run: () => model.toggle() },
    { keys: ["Enter"], about: "Back to the start", run: () => playback.rewind() },
    { keys: ["l"], about: "Loop", run: () => playback.toggleLoop() },
    { keys: ["1"], about: "Hear it before the match", run: () => playback.listen("before") },
    { keys: ["2"], about: "Hear the mix", run: () => playback.listen("mix") },
    { keys: ["3"], about: "Hear the reference", run: () => playback.listen("reference") },
    { keys: [","], about: `${STEP_S} s back`, run: () => step(-STEP_S) },
    { keys: ["."], about: `${STEP_S} s on`, run: () => step(STEP_S) },
  ];
}

function working(model: SessionModel): Shortcut[] {
  return [
    { keys: ["Ctrl+z"], about: "Undo", run: () => model.desk.peek()?.undo() },
    { keys: ["Ctrl+Shift+z", "Ctrl+y"], about: "Redo", run: () => model.desk.peek()?.redo() },
    { keys: ["Ctrl+s"], about: "Save now", run: () => model.document.flush() },
    { keys: ["Ctrl+m"], about: "Match panel", run: () => model.toggleMatch() },
    { keys: ["?"], about: "These keys", run: () => (helpOpen.value = true) },
  ];
}
