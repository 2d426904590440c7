/**
 * Feed-forward compressor, linked over the channels of a track: diffmst/dsp/kernels/reference.py.
 *
 * Reference: Giannoulis, Massberg, Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012.
 */

import { dbToAmplitude } from "./units";

/** Levels below it, -140 dBFS, read as this. */
const LEVEL_FLOOR = 1e-7;

/** A gain reduction so small that none is heard, nor seen in 24 bits, dB. */
const AT_REST_DB = 1e-9;

const NEPER_PER_DB = Math.LN10 / 20;

/** Controls of the compressor, in the order of `compressor_dynamics`. */
export interface Dynamics {
  thresholdDb: number;
  /** 1 / ratio - 1. */
  slope: number;
  kneeDb: number;
  /** One-pole coefficient. */
  attack: number;
  release: number;
  makeupDb: number;
}

/** Coefficient of a one-pole that moves by 63 % in a time. */
export function onePole(timeMs: number, sampleRate: number): number {
  return Math.exp(-1000 / (timeMs * sampleRate));
}

/** Level above the threshold, with a quadratic transition of total width `kneeDb`. */
function softKneeDb(overDb: number, kneeDb: number): number {
  if (Math.abs(overDb) < kneeDb / 2) {
    return (overDb + kneeDb / 2) ** 2 / (2 * kneeDb);
  }
  return Math.max(overDb, 0);
}

/** Output level of a compressor that has settled on a steady input level. */
export function staticCurveDb(
  levelDb: number,
  controls: { thresholdDb: number; ratio: number; kneeDb: number; makeupDb: number },
): number {
  const excessDb = softKneeDb(levelDb - controls.thresholdDb, controls.kneeDb);
  return levelDb + (1 / controls.ratio - 1) * excessDb + controls.makeupDb;
}

const STILL: Dynamics = { thresholdDb: 0, slope: 0, kneeDb: 0, attack: 0, release: 0, makeupDb: 0 };

export class Compressor {
  /** What the compressor has arrived at. */
  readonly dynamics: Dynamics = { ...STILL };
  private readonly before: Dynamics = { ...STILL };
  private gainDb = 0;

  /** The deepest reduction since it was last set to 0, dB, 0 or less. */
  deepestDb = 0;

  /** Whether it changes nothing but the level. */
  get atRest(): boolean {
    return this.dynamics.slope === 0 && this.before.slope === 0 && this.gainDb === 0;
  }

  reset(): void {
    this.gainDb = 0;
  }

  /** Ends a move: from now on the settings are what they are. */
  settle(): void {
    Object.assign(this.before, this.dynamics);
  }

  /** Compresses a block in place; the settings move from those before to `dynamics` within it. */
  process(left: Float64Array, right: Float64Array | null, count: number): void {
    if (this.atRest) {
      if (this.dynamics.makeupDb !== 0 || this.before.makeupDb !== 0) {
        this.makeUp(left, right, count);
      }
    } else {
      this.compress(left, right, count);
    }
    this.settle();
  }

  private makeUp(left: Float64Array, right: Float64Array | null, count: number): void {
    const start = dbToAmplitude(this.before.makeupDb);
    const step = (dbToAmplitude(this.dynamics.makeupDb) - start) / count;
    for (let n = 0; n < count; n++) {
      const gain = start + step * (n + 1);
      left[n] *= gain;
      if (right) {
        right[n] *= gain;
      }
    }
  }

  private compress(left: Float64Array, right: Float64Array | null, count: number): void {
    const { attack, release } = this.dynamics;
    let { thresholdDb, slope, kneeDb, makeupDb } = this.before;
    const thresholdStep = (this.dynamics.thresholdDb - thresholdDb) / count;
    const slopeStep = (this.dynamics.slope - slope) / count;
    const kneeStep = (this.dynamics.kneeDb - kneeDb) / count;
    const makeupStep = (this.dynamics.makeupDb - makeupDb) / count;
    const quiet = this.quietest();
    let gainDb = this.gainDb;
    let deepestDb = this.deepestDb;
    for (let n = 0; n < count; n++) {
      thresholdDb += thresholdStep;
      slope += slopeStep;
      kneeDb += kneeStep;
      makeupDb += makeupStep;
      const level = right ? Math.max(Math.abs(left[n]), Math.abs(right[n])) : Math.abs(left[n]);
      let targetDb = 0;
      if (level > quiet) {
        const overDb = 20 * Math.log10(level) - thresholdDb;
        if (overDb >= kneeDb / 2) {
          targetDb = slope * overDb;
        } else if (overDb > -kneeDb / 2) {
          targetDb = (slope * (overDb + kneeDb / 2) ** 2) / (2 * kneeDb);
        }
      }
      const coefficient = targetDb < gainDb ? attack : release;
      gainDb = coefficient * gainDb + (1 - coefficient) * targetDb;
      if (gainDb < deepestDb) {
        deepestDb = gainDb;
      }
      const gain = Math.exp((gainDb + makeupDb) * NEPER_PER_DB);
      left[n] *= gain;
      if (right) {
        right[n] *= gain;
      }
    }
    const resting = this.dynamics.slope === 0 && Math.abs(gainDb) < AT_REST_DB;
    this.gainDb = resting || Math.abs(gainDb) < 1e-30 ? 0 : gainDb;
    this.deepestDb = deepestDb;
  }

  /** An amplitude at or below which the curve asks for nothing in this block: most samples need no logarithm. */
  private quietest(): number {
    const startDb = this.before.thresholdDb - this.before.kneeDb / 2;
    const endDb = this.dynamics.thresholdDb - this.dynamics.kneeDb / 2;
    return Math.max(LEVEL_FLOOR, (1 - 1e-9) * dbToAmplitude(Math.min(startDb, endDb)));
  }
}
