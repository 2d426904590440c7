/**
 * Look-ahead true-peak limiter: diffmst/dsp/limiter.py and its kernel, which derives the gain.
 *
 * Before a peak the gain falls along a smooth curve that is as long as the look-ahead, and after it the gain recovers
 * exponentially. What stays under the ceiling is not touched, only delayed.
 */

import { boundOfGroup, GROUP, type Interpolator, limiterInterpolator, peakBetween } from "./peaks";

const FRAME = 8; // samples over which the gain is a line
const LOOKAHEAD_MS = 3;
const RELEASE_MS = 80;
const MARGIN_DB = 0.03; // a peak over the ceiling is taken this far below it
const INAUDIBLE_DB = 1e-3; // a recovering gain this close to 1 is 1
const AHEAD = GROUP + FRAME; // samples that the search for peaks reads beyond those of interest

export class Limiter {
  /** By how many samples the output comes later. */
  readonly latency: number;
  /** Reduction at the end of the last block, dB, 0 or more. */
  reductionDb = 0;
  /** The deepest reduction since it was last set to 0. */
  deepestDb = 0;
  private readonly lag: number;
  private readonly lookahead: number;
  private readonly decay: number;
  private readonly window: Float64Array;
  private readonly interpolator: Interpolator = limiterInterpolator();
  private readonly audio: [Float64Array, Float64Array];
  private readonly gaps: Float64Array;
  private readonly asked: Float64Array;
  private readonly released: Float64Array;
  private readonly knots: Float64Array;
  private ceiling = 1;
  private resting = true;

  /**
   * @param sampleRate of the audio, Hz.
   * @param frames of a block, a multiple of GROUP.
   */
  constructor(
    sampleRate: number,
    private readonly frames: number,
  ) {
    const frameMs = (1000 * FRAME) / sampleRate;
    const count = frames / FRAME;
    this.lookahead = Math.max(1, Math.round(LOOKAHEAD_MS / frameMs));
    this.decay = Math.exp(-frameMs / RELEASE_MS);
    this.window = hann(this.lookahead);
    this.lag = this.lookahead * FRAME;
    this.latency = this.lag + AHEAD;
    const kept = this.latency + frames;
    this.audio = [new Float64Array(kept), new Float64Array(kept)];
    this.gaps = new Float64Array(1 + frames);
    this.asked = new Float64Array(this.lookahead + count);
    this.released = new Float64Array(this.lookahead + count);
    this.knots = new Float64Array(count + 1);
  }

  /** The highest true peak let through. */
  set ceilingDb(ceilingDb: number) {
    this.ceiling = 10 ** (ceilingDb / 20);
  }

  /** Takes a block of exactly `frames`, and replaces it by that which is `latency` older, limited. */
  process(left: Float64Array, right: Float64Array): void {
    this.take(this.audio[0], left);
    this.take(this.audio[1], right);
    const loud = this.search();
    left.set(this.audio[0].subarray(0, this.frames));
    right.set(this.audio[1].subarray(0, this.frames));
    if (loud || !this.resting) {
      this.ask();
      this.release();
      this.smooth();
      this.apply(left);
      this.apply(right);
    }
    this.gaps[0] = this.gaps[this.frames];
  }

  private take(kept: Float64Array, block: Float64Array): void {
    kept.copyWithin(0, this.frames);
    kept.set(block.length === this.frames ? block : block.subarray(0, this.frames), this.latency);
  }

  /** Finds the gaps in which a peak may exceed the ceiling; whether it, or a sample, does. */
  private search(): boolean {
    let highest = this.gaps[0];
    this.gaps.fill(0, 1);
    for (let channel = 0; channel < 2; channel++) {
      const x = this.audio[channel];
      for (let group = 0; group < this.frames; group += GROUP) {
        if (boundOfGroup(this.interpolator, x, this.lag + group) > this.ceiling) {
          for (let n = group; n < group + GROUP; n++) {
            const gap = Math.max(this.gaps[n + 1], peakBetween(this.interpolator, x, this.lag + n));
            this.gaps[n + 1] = gap;
            highest = Math.max(highest, gap, Math.abs(x[this.lag + n]));
          }
        }
      }
    }
    return highest > this.ceiling;
  }

  /** The reduction in dB that every frame asks for. */
  private ask(): void {
    const [left, right] = this.audio;
    for (let k = 0; k < this.frames / FRAME; k++) {
      let peak = this.gaps[FRAME * k];
      for (let n = FRAME * k; n < FRAME * (k + 1); n++) {
        const samples = Math.max(Math.abs(left[this.lag + n]), Math.abs(right[this.lag + n]));
        peak = Math.max(peak, this.gaps[n + 1], samples);
      }
      const over = peak > this.ceiling;
      this.asked[this.lookahead + k] = over ? 20 * Math.log10(peak / this.ceiling) + MARGIN_DB : 0;
    }
  }

  /** The reduction held over the look-ahead, then recovering. */
  private release(): void {
    let last = this.released[this.lookahead - 1];
    for (let k = 0; k < this.frames / FRAME; k++) {
      let held = 0;
      for (let j = k; j <= k + this.lookahead; j++) {
        held = Math.max(held, this.asked[j]);
      }
      last = Math.max(held, last * this.decay);
      last = last < INAUDIBLE_DB ? held : last;
      this.released[this.lookahead + k] = last;
      this.deepestDb = Math.max(this.deepestDb, held);
    }
    this.reductionDb = last;
  }

  /** The gain at the knots between frames; then the past of the next block. */
  private smooth(): void {
    const count = this.frames / FRAME;
    for (let k = 0; k <= count; k++) {
      let reductionDb = 0;
      for (let j = 0; j < this.lookahead; j++) {
        reductionDb += this.window[j] * this.released[this.lookahead + k - 1 - j];
      }
      this.knots[k] = 10 ** (-reductionDb / 20);
    }
    this.asked.copyWithin(0, count);
    this.released.copyWithin(0, count);
    this.resting = this.isAtRest();
  }

  private isAtRest(): boolean {
    for (let k = 0; k < this.lookahead; k++) {
      if (this.asked[k] !== 0 || this.released[k] !== 0) {
        return false;
      }
    }
    return true;
  }

  private apply(row: Float64Array): void {
    for (let k = 0; k < this.frames / FRAME; k++) {
      const step = (this.knots[k + 1] - this.knots[k]) / FRAME;
      for (let n = 0; n < FRAME; n++) {
        row[FRAME * k + n] *= this.knots[k] + n * step;
      }
    }
  }
}

/** Raised cosine without its zeros, of sum 1. */
function hann(length: number): Float64Array {
  const window = Float64Array.from({ length }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (k + 1)) / (length + 1)));
  const total = window.reduce((sum, value) => sum + value, 0);
  return window.map((value) => value / total);
}
