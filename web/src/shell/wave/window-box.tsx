import type { Signal } from "@preact/signals";
import type { AnalysisWindow } from "../../api/types";
import { clock } from "../wording";
import { movedWindow, type WindowOf, type WindowPart, windowStart } from "./analysis-window";
import { timeAt } from "./lane";
import type { ViewRange } from "./view-range";
import "./window-box.css";

interface WindowBoxProps {
  of: WindowOf;
  window: AnalysisWindow;
  range: Signal<ViewRange>;
  durations: Record<WindowOf, number>;
  onMove: (window: AnalysisWindow) => void;
  onDone: () => void;
}

const NAMES: Record<WindowPart, string> = { start: "Beginning", whole: "Place", end: "End" };
const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 };

/** The passage that matching listens to: moved by its bar, made longer or shorter by its ends. */
export function WindowBox(props: WindowBoxProps) {
  const { of, window, range } = props;
  const [from, to] = range.value;
  const start = windowStart(window, of);
  const style = {
    left: `${(100 * (start - from)) / (to - from)}%`,
    width: `${(100 * window.seconds) / (to - from)}%`,
  };
  return (
    <fieldset class={`window-box window-box-${of}`} style={style} aria-label={`Passage of the ${of} that is matched`}>
      {(["whole", "start", "end"] as const).map((part) => (
        <Handle key={part} part={part} {...props} />
      ))}
    </fieldset>
  );
}

function Handle({ part, of, window, range, durations, onMove, onDone }: WindowBoxProps & { part: WindowPart }) {
  const at = windowStart(window, of) + (part === "end" ? window.seconds : 0);
  const to = (seconds: number) => onMove(movedWindow(window, of, part, seconds, durations));
  const onKey = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      to(at + step * (event.shiftKey ? 0.1 : 1));
      onDone();
    }
  };
  const press = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const handle = event.currentTarget;
    const lane = handle.closest(".lane");
    if (event.button !== 0 || !lane) {
      return;
    }
    event.stopPropagation();
    const offset = timeAt(lane, event.clientX, range.peek()) - at;
    handle.setPointerCapture(event.pointerId);
    // From the window as it was pressed: how it is held does not depend on the way the pointer took.
    const move = (moved: PointerEvent) => to(timeAt(lane, moved.clientX, range.peek()) - offset);
    const end = () => {
      handle.removeEventListener("pointermove", move);
      onDone();
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", end, { once: true });
  };
  return (
    <div
      class={`window-box-${part}`}
      role="slider"
      tabIndex={0}
      aria-label={NAMES[part]}
      aria-valuemin={0}
      aria-valuemax={Math.round(durations[of])}
      aria-valuenow={Math.round(10 * at) / 10}
      aria-valuetext={clock(at, true)}
      title={part === "whole" ? `${clock(at, true)}, ${window.seconds} s. Drag to move.` : `${NAMES[part]}: drag`}
      onKeyDown={onKey}
      onPointerDown={press}
    />
  );
}
