/** Dragging with mouse, pen or finger. */

import type { Gesture } from "../model/history";

export interface Drag {
  /** Since the last call, in CSS pixels; up and right count. With shift a tenth of the way. */
  move(right: number, up: number, gesture: Gesture): void;
  end?(moved: boolean): void;
  /** A finger rested where it pressed; not every tablet makes a context menu of that. */
  hold?(): void;
}

/** Nearer than this it is a click. */
const THRESHOLD_PX = 3;
const FINE = 0.1;
const HOLD_MS = 550;

/** Follows the pointer from its press to its release, wherever it goes. */
export function startDrag(event: PointerEvent, drag: Drag): void {
  const target = event.currentTarget;
  if (event.button === 0 && target instanceof Element) {
    new Following(event, drag).listen(target);
  }
}

class Following {
  readonly #gesture: Gesture = {};
  readonly #stop = new AbortController();
  #x: number;
  #y: number;
  #moved = false;
  #holding: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly press: PointerEvent,
    readonly drag: Drag,
  ) {
    this.#x = press.clientX;
    this.#y = press.clientY;
    if (drag.hold && press.pointerType === "touch") {
      this.#holding = setTimeout(this.#onHold, HOLD_MS);
    }
  }

  listen(target: Element): void {
    const { signal } = this.#stop;
    target.setPointerCapture?.(this.press.pointerId);
    target.addEventListener("pointermove", this.#onMove as EventListener, { signal });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      target.addEventListener(name, this.#onEnd, { signal });
    }
  }

  readonly #onMove = (next: PointerEvent) => {
    const [right, up] = [next.clientX - this.#x, this.#y - next.clientY];
    if (next.pointerId !== this.press.pointerId || (!this.#moved && Math.hypot(right, up) < THRESHOLD_PX)) {
      return;
    }
    // The way to the threshold is not made up for, or the first move would jump.
    const share = this.#moved ? (next.shiftKey ? FINE : 1) : 0;
    this.#moved = true;
    clearTimeout(this.#holding);
    [this.#x, this.#y] = [next.clientX, next.clientY];
    this.drag.move(share * right, share * up, this.#gesture);
  };

  readonly #onEnd = (next: Event) => {
    if (!(next instanceof PointerEvent) || next.pointerId === this.press.pointerId) {
      this.#stop.abort();
      clearTimeout(this.#holding);
      this.drag.end?.(this.#moved);
    }
  };

  readonly #onHold = () => {
    this.#stop.abort();
    this.drag.hold?.();
  };
}
