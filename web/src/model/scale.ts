/** The maps between a control's place in [0, 1] and its value: those of `Param` in diffmst/params.py. */

import type { Param, Scale } from "./types";

interface Warp {
  /** A control of this scale moves evenly in it. */
  forward(value: number): number;
  inverse(warped: number): number;
}

const NEPER_PER_DB = Math.LN10 / 20;

const WARPS: Record<Scale, Warp> = {
  linear: { forward: (value) => value, inverse: (warped) => warped },
  log: { forward: Math.log, inverse: Math.exp },
  amplitude: {
    forward: (db) => Math.exp(NEPER_PER_DB * db),
    inverse: (factor) => Math.log(factor) / NEPER_PER_DB,
  },
  rate: { forward: (value) => 1 / value, inverse: (warped) => 1 / warped },
};

export type Range = Pick<Param, "low" | "high" | "scale">;

export function clamped(range: Pick<Param, "low" | "high">, value: number): number {
  return Math.min(Math.max(value, range.low), range.high);
}

/** Value at a place in [0, 1]; places outside are held at the ends. */
export function fromUnit(range: Range, unit: number): number {
  if (unit <= 0 || unit >= 1) {
    return unit >= 1 ? range.high : range.low;
  }
  const warp = WARPS[range.scale];
  const start = warp.forward(range.low);
  const end = warp.forward(range.high);
  return clamped(range, warp.inverse(start + (end - start) * unit));
}

/** Place in [0, 1] of a value; the inverse of `fromUnit`. */
export function toUnit(range: Range, value: number): number {
  const { forward } = WARPS[range.scale];
  const start = forward(range.low);
  return (forward(clamped(range, value)) - start) / (forward(range.high) - start);
}
