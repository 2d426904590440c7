/** A band of the equalizer as one thing to be moved: its gain, its frequency and its Q. */

import type { Gesture } from "../model/history";
import { bandTitle } from "../model/names";
import type { Strip } from "../model/types";
import { formatValue } from "../model/values";
import { type Control, restValue, type StepSize, step } from "../ui/control";
import type { Controls } from "./controls";
import { dbOf, hzOf, type Plot, xOf, yOf } from "./eq-plot";
import { type Band, bandsOf } from "./response";

export interface BandControls {
  band: Band;
  /** From 1. */
  number: number;
  title: string;
  gain: Control;
  freq: Control;
  q: Control;
  /** What else the console declares for the band. */
  others: Control[];
}

export function eqBands(controls: Controls, strip: Strip): BandControls[] {
  const section = controls.desk.console.value.section(strip);
  return bandsOf(section).map((band, place) => ({
    band,
    number: place + 1,
    title: bandTitle(band.name),
    gain: controls.get(strip, band.gain),
    freq: controls.get(strip, band.freq),
    q: controls.get(strip, band.q),
    others: [...section.params.keys()]
      .filter((name) => name.startsWith(`eq.${band.name}.`) && ![band.gain, band.freq, band.q].includes(name))
      .map((name) => controls.get(strip, name)),
  }));
}

/** Moves a band over the plane; from where it is in pixels, so that it comes back from the end of a range. */
export function moveBand(
  controls: Controls,
  strip: Strip,
  band: BandControls,
  plot: Plot,
  x: number,
  y: number,
  gesture: Gesture,
) {
  const values = { [band.gain.param.name]: dbOf(plot, y), [band.freq.param.name]: hzOf(plot, x) };
  controls.desk.set(strip, values, { gesture });
}

export function resetBand(controls: Controls, strip: Strip, { gain, freq, q }: BandControls): void {
  const values = Object.fromEntries([gain, freq, q].map((control) => [control.param.name, restValue(control)]));
  controls.desk.set(strip, values);
}

export function bandPoint(plot: Plot, { gain, freq }: BandControls): [number, number] {
  return [xOf(plot, freq.value.value), yOf(plot, gain.value.value)];
}

/** `+2.0 dB at 181 Hz, Q 0.70`: what screen readers say of a handle. */
export function spokenBand({ gain, freq, q }: BandControls): string {
  const [db, hz, width] = [gain, freq, q].map((control) => formatValue(control.param, control.value.value));
  return `${db} at ${hz}, Q ${width}`;
}

const KEYS: Record<string, ["gain" | "freq" | "q", number, StepSize]> = {
  ArrowUp: ["gain", 1, "normal"],
  ArrowDown: ["gain", -1, "normal"],
  ArrowRight: ["freq", 1, "normal"],
  ArrowLeft: ["freq", -1, "normal"],
  PageUp: ["q", 5, "normal"],
  PageDown: ["q", -5, "normal"],
  "+": ["q", 2, "normal"],
  "-": ["q", -2, "normal"],
};

/** Whether the key moved the band. */
export function onBandKey(event: KeyboardEvent, band: BandControls, gesture: Gesture): boolean {
  const found = KEYS[event.key];
  if (!found || event.ctrlKey || event.metaKey || event.altKey) {
    return false;
  }
  const [which, steps, size] = found;
  step(band[which], steps, event.shiftKey && event.key.startsWith("Arrow") ? "fine" : size, gesture);
  return true;
}
