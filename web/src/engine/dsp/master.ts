/** From the buses to what is heard: reverb return, master strip, delivery gain, limiter, and the switch of sources. */

import type { Source } from "../../model/types";
import type { Controls } from "./columns";
import { GLIDE_S, Glide } from "./glide";
import { Limiter } from "./limiter";
import { LoudnessMeter } from "./loudness";
import { type Buses, MOST_FRAMES, Strip } from "./strip";
import { dbToAmplitude } from "./units";

/** What the master stage reads, left and right of each. */
export interface MasterInputs {
  bus: readonly [Float32Array, Float32Array];
  /** Of the convolution. */
  returned: readonly [Float32Array, Float32Array];
  send: readonly [Float32Array, Float32Array];
  before: readonly [Float32Array, Float32Array];
  reference: readonly [Float32Array, Float32Array];
}

export interface DeliveryGains {
  gainDb: number;
  trimDb: number;
  limited: boolean;
  ceilingDbtp: number;
}

export const SOURCES: readonly Source[] = ["mix", "before", "reference"];

/**
 * A mix that needs no limiter is under the ceiling as it is; but the limiter reads other peaks than the meter that said
 * so, and a change may raise the mix. So much over the ceiling it only guards the ears.
 */
const GUARD_DB = 1;

/** Amplitudes that move: reverb against dry send, gain before the limiter, trim behind it; then of every source. */
const WET = 0;
const DRY = 1;
const GAIN = 2;
const TRIM = 3;
/** Shares of every source in what is heard, then the gains that make them equally loud. */
const SHARES = SOURCES.length;

export class Master {
  readonly strip: Strip;
  readonly limiter: Limiter;
  readonly loudness: LoudnessMeter;
  /** What is heard. */
  readonly left = new Float64Array(MOST_FRAMES);
  readonly right = new Float64Array(MOST_FRAMES);
  /** The same before the gains that make the sources equally loud: what meters show. */
  readonly shownLeft = new Float64Array(MOST_FRAMES);
  readonly shownRight = new Float64Array(MOST_FRAMES);
  /** The reverb return. */
  readonly fxLeft = new Float64Array(MOST_FRAMES);
  readonly fxRight = new Float64Array(MOST_FRAMES);
  private readonly levels: Glide;
  private readonly shares: Glide;
  private readonly buses: Buses;
  private readonly delays: Record<"before" | "reference", Delay[]>;

  /**
   * @param controls of the master section.
   * @param values of them, in order.
   * @param frames of a block.
   */
  constructor(controls: Controls, values: readonly number[], sampleRate: number, frames: number) {
    const samples = GLIDE_S * sampleRate;
    this.strip = new Strip(controls, values, sampleRate, 2);
    this.limiter = new Limiter(sampleRate, frames);
    this.loudness = new LoudnessMeter(sampleRate);
    this.levels = new Glide([1, 0, 1, 1], samples);
    this.shares = new Glide([1, 0, 0, 1, 1, 1], samples);
    const nowhere = new Float64Array(MOST_FRAMES);
    this.buses = [new Float64Array(MOST_FRAMES), new Float64Array(MOST_FRAMES), nowhere, nowhere];
    const pair = () => [new Delay(this.limiter.latency), new Delay(this.limiter.latency)];
    this.delays = { before: pair(), reference: pair() };
  }

  /** Everything is where it is wanted at once. */
  jump(): void {
    this.strip.jump();
    this.levels.jump();
    this.shares.jump();
  }

  /** Reverb against the dry sends, 0 ... 1. */
  setReverbMix(amount: number): void {
    this.levels.wanted[WET] = amount;
    this.levels.wanted[DRY] = 1 - amount;
    this.levels.start();
  }

  deliver(delivery: DeliveryGains): void {
    this.levels.wanted[GAIN] = dbToAmplitude(delivery.gainDb);
    this.levels.wanted[TRIM] = delivery.limited ? dbToAmplitude(delivery.trimDb) : 1;
    this.levels.start();
    this.limiter.ceilingDb = delivery.ceilingDbtp + (delivery.limited ? 0 : GUARD_DB);
  }

  listen(source: Source): void {
    for (let k = 0; k < SHARES; k++) {
      this.shares.wanted[k] = SOURCES[k] === source ? 1 : 0;
    }
    this.shares.start();
  }

  setGains(gainsDb: Record<Source, number>): void {
    for (let k = 0; k < SHARES; k++) {
      this.shares.wanted[SHARES + k] = dbToAmplitude(gainsDb[SOURCES[k]]);
    }
    this.shares.start();
  }

  /** The next block; its results stand in `left`, `right` and the other rows. */
  process(inputs: MasterInputs, count: number): void {
    this.levels.advance(count);
    this.shares.advance(count);
    this.mixDown(inputs, count);
    const [left, right] = this.buses;
    this.scale(left, right, GAIN, count);
    this.limiter.process(left, right);
    this.scale(left, right, TRIM, count);
    this.choose(inputs, count);
    this.loudness.add(this.shownLeft, this.shownRight, count);
  }

  /** Bus and reverb return through the master strip, into the buses. */
  private mixDown(inputs: MasterInputs, count: number): void {
    const [left, right] = this.buses;
    this.sumReturn(this.fxLeft, inputs.returned[0], inputs.send[0], count);
    this.sumReturn(this.fxRight, inputs.returned[1], inputs.send[1], count);
    for (let n = 0; n < count; n++) {
      this.strip.left[n] = inputs.bus[0][n] + this.fxLeft[n];
      (this.strip.right as Float64Array)[n] = inputs.bus[1][n] + this.fxRight[n];
    }
    this.strip.process(count);
    left.fill(0);
    right.fill(0);
    this.strip.mix(this.buses, count);
  }

  private sumReturn(out: Float64Array, returned: Float32Array, send: Float32Array, count: number): void {
    const { before, now } = this.levels;
    const wetStep = (now[WET] - before[WET]) / count;
    const dryStep = (now[DRY] - before[DRY]) / count;
    for (let n = 0; n < count; n++) {
      out[n] = (before[WET] + wetStep * (n + 1)) * returned[n] + (before[DRY] + dryStep * (n + 1)) * send[n];
    }
  }

  private scale(left: Float64Array, right: Float64Array, which: number, count: number): void {
    const start = this.levels.before[which];
    const step = (this.levels.now[which] - start) / count;
    if (start === 1 && step === 0) {
      return;
    }
    for (let n = 0; n < count; n++) {
      const gain = start + step * (n + 1);
      left[n] *= gain;
      right[n] *= gain;
    }
  }

  /** The sources, of which mostly one is heard, each as late as the limiter lets the mix be. */
  private choose(inputs: MasterInputs, count: number): void {
    for (const row of [this.left, this.right, this.shownLeft, this.shownRight]) {
      row.fill(0);
    }
    const { before, reference } = this.delays;
    this.addSource(0, this.left, this.shownLeft, this.buses[0], count);
    this.addSource(0, this.right, this.shownRight, this.buses[1], count);
    this.addSource(1, this.left, this.shownLeft, before[0].process(inputs.before[0], count), count);
    this.addSource(1, this.right, this.shownRight, before[1].process(inputs.before[1], count), count);
    this.addSource(2, this.left, this.shownLeft, reference[0].process(inputs.reference[0], count), count);
    this.addSource(2, this.right, this.shownRight, reference[1].process(inputs.reference[1], count), count);
  }

  private addSource(source: number, out: Float64Array, shown: Float64Array, x: Float64Array, count: number): void {
    const { before, now } = this.shares;
    const share = before[source];
    const gain = before[SHARES + source];
    const shareStep = (now[source] - share) / count;
    const gainStep = (now[SHARES + source] - gain) / count;
    if (share === 0 && shareStep === 0) {
      return;
    }
    for (let n = 0; n < count; n++) {
      const y = (share + shareStep * (n + 1)) * x[n];
      shown[n] += y;
      out[n] += (gain + gainStep * (n + 1)) * y;
    }
  }
}

/** A row as it was `samples` ago. */
class Delay {
  private readonly kept: Float64Array;
  private readonly out = new Float64Array(MOST_FRAMES);

  constructor(private readonly samples: number) {
    this.kept = new Float64Array(samples + MOST_FRAMES);
  }

  process(row: Float32Array, count: number): Float64Array {
    this.kept.copyWithin(0, count);
    for (let n = 0; n < count; n++) {
      this.kept[this.samples + MOST_FRAMES - count + n] = row[n];
    }
    for (let n = 0; n < count; n++) {
      this.out[n] = this.kept[MOST_FRAMES - count + n];
    }
    return this.out;
  }
}
