/** One control as the widgets see it: a fader, a knob, a field and a handle of a curve all move the same thing. */

import type { ReadonlySignal, Signal } from "@preact/signals";
import type { RestValues } from "../model/desk";
import type { Gesture } from "../model/history";
import { clamped } from "../model/scale";
import { fromPlace, type Law, toPlace } from "../model/taper";
import type { Param } from "../model/types";

export interface Control {
  readonly param: Param;
  readonly law: Law;
  /** `Kick, fader`: what screen readers say before the value. */
  readonly label: ReadonlySignal<string>;
  readonly value: ReadonlySignal<number>;
  readonly locked: ReadonlySignal<boolean>;
  /** While someone types a value; null otherwise. */
  readonly typing: Signal<Typing | null>;
  rest(): RestValues;
  set(value: number, gesture?: Gesture): void;
  /** Null for what no match moves. */
  readonly lock: ((on: boolean) => void) | null;
}

/** A value that is being typed. It may stand in several parts of the page, and is typed in that which was asked for. */
export interface Typing {
  /** The key that it began with, or nothing. */
  first: string;
  part: Element | null;
}

export function startTyping(control: Control, from: Element | null, first = ""): void {
  control.typing.value = { first, part: partOf(from) };
}

export function partOf(element: Element | null): Element | null {
  return element?.closest("section") ?? null;
}

export type StepSize = "fine" | "normal" | "large";

const STEPS_DB: Record<StepSize, number> = { fine: 0.1, normal: 0.5, large: 3 };
const DECIBELS = new Set(["dB", "dBTP", "LUFS"]);
const STEPS_OF_WAY: Record<StepSize, number> = { fine: 0.001, normal: 0.01, large: 0.1 };

/** Where the control stands, 0 .. 1. */
export function placeOf(control: Control): number {
  return toPlace(control.law, control.param, control.value.value);
}

export function setPlace(control: Control, place: number, gesture?: Gesture): void {
  control.set(fromPlace(control.law, control.param, place), gesture);
}

/** Moves a control by so many steps: of its decibels, or of its way where it has another unit. */
export function step(control: Control, steps: number, size: StepSize, gesture?: Gesture): void {
  const value = control.value.peek();
  if (DECIBELS.has(control.param.unit)) {
    control.set(clamped(control.param, value + steps * STEPS_DB[size]), gesture);
  } else {
    setPlace(control, toPlace(control.law, control.param, value) + steps * STEPS_OF_WAY[size], gesture);
  }
}

/** Where a double click puts a control: as it was matched, or before a match to its default. */
export function restValue(control: Control): number {
  const rest = control.rest();
  return rest.matched ?? rest.default;
}

export function reset(control: Control): void {
  control.set(restValue(control));
}
