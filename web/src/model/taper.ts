/** Where a value stands on the way of a fader or knob. */

import { fromUnit, toUnit } from "./scale";
import type { Param } from "./types";

/**
 * How a control moves: `level` is the law of faders, `even` the scale that the control declares.
 *
 * Levels move by asinh(dB / 18): near 0 dB, where mixes are made, a dB is longest, and far from it ever shorter, on both
 * sides. A range of -60 .. +12 dB has 0 dB at 75 % of the way, -20 dB at 38 %, -40 dB at 15 %.
 */
export type Law = "even" | "level";

const BEND_DB = 18;

/** The law of a control: plain gains are levels, those of bands are not. */
export function lawOf(control: string): Law {
  return /^[^.]+\.gain_db$/.test(control) ? "level" : "even";
}

export function toPlace(law: Law, param: Param, value: number): number {
  if (law === "even") {
    return toUnit(param, value);
  }
  const [start, end, at] = [param.low, param.high, value].map(bent);
  return Math.min(Math.max((at - start) / (end - start), 0), 1);
}

export function fromPlace(law: Law, param: Param, place: number): number {
  if (law === "even" || place <= 0 || place >= 1) {
    return fromUnit(param, place);
  }
  const [start, end] = [param.low, param.high].map(bent);
  return BEND_DB * Math.sinh(start + (end - start) * place);
}

function bent(db: number): number {
  return Math.asinh(db / BEND_DB);
}
