/** Keys, pointer and wheel of a control: the same for every widget that shows one. */

import { useMemo } from "preact/hooks";
import type { Gesture } from "../model/history";
import { formatValue } from "../model/values";
import { type Control, placeOf, reset, type StepSize, setPlace, startTyping, step } from "./control";
import { openControlMenu } from "./control-menu";
import { startDrag } from "./drag";
import { focusedByKeyboard } from "./focus-origin";
import { Burst, wheelNotches } from "./gestures";

export interface ControlInputOptions {
  role?: "slider" | "spinbutton";
  /** Pixels from one end to the other. */
  travelPx: (element: HTMLElement) => number;
  vertical?: boolean;
  /** Left and right move the control too; where they do not, they lead to its neighbours. */
  sideways?: boolean;
  /** A press and release without a move. */
  onClick?: () => void;
}

/** Attributes and listeners of the element that is the control. */
export function useControlInput(control: Control, options: ControlInputOptions) {
  const burst = useMemo(() => new Burst(), []);
  const { param } = control;
  return {
    role: options.role ?? "slider",
    "aria-label": control.label.value,
    "aria-valuemin": param.low,
    "aria-valuemax": param.high,
    "aria-valuenow": control.value.value,
    "aria-valuetext": spokenValue(control),
    "aria-orientation": options.vertical ? ("vertical" as const) : undefined,
    onKeyDown: (event: KeyboardEvent) => onKey(event, control, burst, options.sideways ?? false),
    onPointerDown: (event: PointerEvent) => onPress(event, control, options),
    onWheel: (event: WheelEvent) => onWheel(event, control, burst),
    onDblClick: () => reset(control),
    onContextMenu: (event: MouseEvent) => onMenu(event, control),
  };
}

export function spokenValue(control: Control): string {
  return `${formatValue(control.param, control.value.value)}${control.locked.value ? ", locked" : ""}`;
}

const STEPS: Record<string, [number, StepSize]> = {
  ArrowUp: [1, "normal"],
  ArrowDown: [-1, "normal"],
  PageUp: [1, "large"],
  PageDown: [-1, "large"],
};
const STEPS_SIDEWAYS: Record<string, [number, StepSize]> = { ArrowRight: [1, "normal"], ArrowLeft: [-1, "normal"] };

function onKey(event: KeyboardEvent, control: Control, burst: Burst, sideways: boolean): void {
  if (event.ctrlKey || event.metaKey || event.altKey || control.typing.peek() !== null) {
    return;
  }
  if (handleKey(event, control, burst.next(), sideways)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

function handleKey(event: KeyboardEvent, control: Control, gesture: Gesture, sideways: boolean): boolean {
  const { key } = event;
  const found = STEPS[key] ?? (sideways ? STEPS_SIDEWAYS[key] : undefined);
  if (found) {
    const [steps, size] = found;
    step(control, steps, event.shiftKey && size === "normal" ? "fine" : size, gesture);
  } else if (key === "Home" || key === "End") {
    setPlace(control, key === "Home" ? 0 : 1, gesture);
  } else if (key === "Delete" || key === "Backspace") {
    reset(control);
  } else if (key === "Enter" || (/^[\d+.,-]$/.test(key) && focusedByKeyboard())) {
    startTyping(control, event.currentTarget as Element, key === "Enter" ? "" : key);
  } else {
    return false;
  }
  return true;
}

function onPress(event: PointerEvent, control: Control, options: ControlInputOptions): void {
  const element = event.currentTarget as HTMLElement;
  const travelPx = Math.max(options.travelPx(element), 1);
  // Kept apart from the value, which is rounded: a slow drag must not stand still.
  let place = placeOf(control);
  startDrag(event, {
    move: (right, up, gesture) => {
      place = Math.min(Math.max(place + (up + (options.sideways ? right : 0)) / travelPx, 0), 1);
      setPlace(control, place, gesture);
    },
    end: (moved) => !moved && options.onClick?.(),
    hold: () => openControlMenu(control, element, event.clientX, event.clientY),
  });
}

function onWheel(event: WheelEvent, control: Control, burst: Burst): void {
  const notches = wheelNotches(event);
  if (notches !== null) {
    event.preventDefault();
    step(control, notches, event.shiftKey ? "fine" : "normal", burst.next());
  }
}

function onMenu(event: MouseEvent, control: Control): void {
  event.preventDefault();
  event.stopPropagation();
  openControlMenu(control, event.currentTarget as Element, event.clientX, event.clientY);
}
