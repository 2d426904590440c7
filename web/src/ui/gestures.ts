/** What belongs to one gesture, so that it is undone at once. */

import type { Gesture } from "../model/history";

const PAUSE_MS = 700;

/** Turns of a wheel and repeated keys: one gesture until a pause. */
export class Burst {
  #gesture: Gesture = {};
  #last = Number.NEGATIVE_INFINITY;

  next(now: number = performance.now()): Gesture {
    if (now - this.#last > PAUSE_MS) {
      this.#gesture = {};
    }
    this.#last = now;
    return this.#gesture;
  }
}

const PIXELS_PER_NOTCH = 100;
const LINES_PER_NOTCH = 3;

/** Notches that a wheel was turned up; null when it scrolls sideways. With shift, browsers turn it by 90 degrees. */
export function wheelNotches(event: WheelEvent): number | null {
  const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (sideways && !event.shiftKey) {
    return null;
  }
  const delta = sideways ? event.deltaX : event.deltaY;
  return -delta / (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINES_PER_NOTCH : PIXELS_PER_NOTCH);
}
