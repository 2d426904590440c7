/**
 * Momentary and short-term loudness of what is heard: diffmst/dsp/loudness.py.
 *
 * Reference: ITU-R BS.1770-4; EBU Tech 3341 (400 ms and 3 s).
 */

import { filterPair, TAPS, writeRunning } from "./biquad";

const HOP_S = 0.1;
const MOMENTARY_HOPS = 4;
const SHORT_TERM_HOPS = 30;
const LONGEST_BLOCK = 128;

/** K-weighting as two biquads, b0, b1, b2, a1, a2 each: the head's high shelf, then the high pass. */
function kWeighting(sampleRate: number): Float64Array {
  // The analog prototypes of the tables of the standard, redone for this rate: see `k_weighting_sos`.
  const k = Math.tan((Math.PI * 1681.974450955533) / sampleRate);
  const q = 0.7071752369554196;
  const high = 10 ** (3.999843853973347 / 20);
  const middle = high ** 0.4996667741545416;
  const a0 = 1 + k / q + k * k;
  const shelf = [
    (high + (middle * k) / q + k * k) / a0,
    (2 * (k * k - high)) / a0,
    (high - (middle * k) / q + k * k) / a0,
    (2 * (k * k - 1)) / a0,
    (1 - k / q + k * k) / a0,
  ];
  const low = Math.tan((Math.PI * 38.13547087602444) / sampleRate);
  const lowQ = 0.5003270373238773;
  const c0 = 1 + low / lowQ + low * low;
  return Float64Array.from([...shelf, 1, -2, 1, (2 * (low * low - 1)) / c0, (1 - low / lowQ + low * low) / c0]);
}

/** Loudness in LUFS of a K-weighted mean square summed over channels; -Infinity for none. */
function energyToLufs(energy: number): number {
  return energy > 0 ? 10 * Math.log10(energy) - 0.691 : -Infinity;
}

/** Loudness of a stereo signal that arrives in blocks, over windows that end with the last whole hop of 100 ms. */
export class LoudnessMeter {
  private readonly running: Float64Array;
  private readonly state = new Float64Array(8);
  private readonly left = new Float64Array(LONGEST_BLOCK);
  private readonly right = new Float64Array(LONGEST_BLOCK);
  private readonly hops = new Float64Array(SHORT_TERM_HOPS);
  private readonly hopSamples: number;
  private newest = 0;
  private energy = 0;
  private samples = 0;

  constructor(sampleRate: number) {
    const coefficients = kWeighting(sampleRate);
    this.running = new Float64Array(coefficients.length);
    writeRunning(this.running, coefficients);
    this.hopSamples = Math.round(sampleRate * HOP_S);
  }

  /** Forgets what it has heard. */
  reset(): void {
    this.state.fill(0);
    this.hops.fill(0);
    this.energy = 0;
    this.samples = 0;
  }

  add(left: Float64Array, right: Float64Array, count: number): void {
    this.left.set(left);
    this.right.set(right);
    filterPair(this.running, 0, this.state, 0, this.left, this.right, count);
    filterPair(this.running, TAPS, this.state, 4, this.left, this.right, count);
    for (let n = 0; n < count; n++) {
      this.energy += this.left[n] ** 2 + this.right[n] ** 2;
      this.samples += 1;
      if (this.samples === this.hopSamples) {
        this.endHop();
      }
    }
  }

  /** Loudness of the last 400 ms; what was before the start counts as silence. */
  get momentaryLufs(): number {
    return energyToLufs(this.mean(MOMENTARY_HOPS));
  }

  /** Loudness of the last 3 s, likewise. */
  get shortTermLufs(): number {
    return energyToLufs(this.mean(SHORT_TERM_HOPS));
  }

  private endHop(): void {
    this.newest = (this.newest + 1) % SHORT_TERM_HOPS;
    this.hops[this.newest] = this.energy / this.hopSamples;
    this.energy = 0;
    this.samples = 0;
  }

  private mean(hops: number): number {
    let total = 0;
    for (let k = 0; k < hops; k++) {
      total += this.hops[(this.newest - k + SHORT_TERM_HOPS) % SHORT_TERM_HOPS];
    }
    return total / hops;
  }
}
