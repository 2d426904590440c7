/** A padlock: what matching must leave as it is. */

import "./lock.css";

export type LockState = "none" | "some" | "all";

interface LockProps {
  state: LockState;
  /** What is locked: `Kick, equalizer`. */
  label: string;
  tabIndex?: number;
  onLock: (on: boolean) => void;
}

const PRESSED = { none: "false", some: "mixed", all: "true" } as const;

export function LockButton({ state, label, tabIndex = 0, onLock }: LockProps) {
  const locked = state === "all";
  return (
    <button
      type="button"
      class={`lock lock-${state}`}
      aria-label={`Lock ${label}`}
      aria-pressed={PRESSED[state]}
      title={locked ? "Locked: a new match leaves it as it is" : "Lock against a new match"}
      tabIndex={tabIndex}
      onClick={(event) => {
        event.stopPropagation();
        onLock(!locked);
      }}
    >
      <svg viewBox="0 0 12 14" width="10" height="12" aria-hidden="true">
        <path class="lock-shackle" d={locked ? "M3.5 6V4a2.5 2.5 0 0 1 5 0v2" : "M3.5 6V3.500a2.5 2.5 0 0 1 5 0"} />
        <rect class="lock-body" x="1.5" y="6" width="9" height="7" rx="1.5" />
      </svg>
    </button>
  );
}
