/** A channel strip: input gain, equalizer, compressor, fader, pan, balance or width, send. See diffmst/strips.py. */

import type { Controls, StripColumns } from "./columns";
import { stripColumns } from "./columns";
import { Compressor, onePole } from "./compressor";
import { Equalizer } from "./equalizer";
import { GLIDE_S, Glide } from "./glide";
import { balanceGain, panGain } from "./panning";
import { dbToAmplitude, sendAmplitude } from "./units";

/** Longest block that a strip takes. */
export const MOST_FRAMES = 128;

/** Amplitudes of a strip: before the equalizer, then into the buses. A mono row goes to both sides. */
const INPUT = 0;
const DRY_LEFT = 1;
const DRY_RIGHT = 2;
const WET_LEFT = 3;
const WET_RIGHT = 4;
/** From each side to the other, which is what makes a mix wider or narrower. */
const ACROSS = 5;
const AMPLITUDES = 6;

/** Sums of all strips: dry left and right, send left and right. */
export type Buses = readonly [Float64Array, Float64Array, Float64Array, Float64Array];

/**
 * What a strip was like since it was last asked: amplitudes behind fader and pan, and the square of the louder side. Of
 * tracks: what the master makes wider is measured where it is heard.
 */
export interface StripLevels {
  peakLeft: number;
  peakRight: number;
  energyLeft: number;
  energyRight: number;
}

export class Strip {
  /** The signal of the strip: filled by whoever runs it, then processed in place. The right of a mono strip is null. */
  readonly left = new Float64Array(MOST_FRAMES);
  readonly right: Float64Array | null;
  readonly compressor = new Compressor();
  readonly levels: StripLevels = { peakLeft: 0, peakRight: 0, energyLeft: 0, energyRight: 0 };
  private readonly columns: StripColumns;
  private readonly equalizer: Equalizer;
  private readonly controls: Glide;
  private readonly amplitudes: Glide;
  private heard = 1;
  private began = false;
  private rowPeak = 0;
  private rowEnergy = 0;

  /**
   * @param controls the section's controls.
   * @param values of the controls, in order.
   * @param sampleRate of the audio, Hz.
   * @param channels 1 or 2.
   */
  constructor(
    controls: Controls,
    values: readonly number[],
    private readonly sampleRate: number,
    readonly channels: number,
  ) {
    const samples = GLIDE_S * sampleRate;
    this.right = channels === 2 ? new Float64Array(MOST_FRAMES) : null;
    this.columns = stripColumns(controls.names);
    this.equalizer = new Equalizer(this.columns.equalizer, sampleRate);
    this.controls = new Glide(values, samples, controls.geometric);
    this.amplitudes = new Glide(new Float64Array(AMPLITUDES), samples);
    this.jump();
  }

  /** Wants other values of some controls, by column. */
  set(columns: ArrayLike<number>, values: ArrayLike<number>): void {
    for (let k = 0; k < columns.length; k++) {
      this.controls.wanted[columns[k]] = values[k];
    }
    this.moveOrJump();
  }

  /** Mutes the strip, or lets it be heard. */
  hear(heard: boolean): void {
    if (this.heard !== Number(heard)) {
      this.heard = Number(heard);
      this.moveOrJump();
    }
  }

  /** Everything is at its value at once, and nothing rings. */
  jump(): void {
    this.aim();
    this.controls.jump();
    this.amplitudes.jump();
    this.arrive();
    this.equalizer.settle();
    this.compressor.settle();
    this.equalizer.reset();
    this.compressor.reset();
  }

  /** Runs input gain, equalizer and compressor on the signal in place. */
  process(count: number): void {
    this.advance(count);
    if (this.isSilent(count)) {
      return;
    }
    this.began = true;
    this.applyInput(count);
    this.equalizer.process(this.left, this.right, count);
    this.compressor.process(this.left, this.right, count);
  }

  /** Adds what `process` left to the buses, with the gains of fader, pan and send. */
  mix(buses: Buses, count: number): void {
    const right = this.right ?? this.left;
    this.measure(count);
    this.add(this.left, buses[0], DRY_LEFT, count);
    this.add(right, buses[1], DRY_RIGHT, count);
    this.add(right, buses[0], ACROSS, count);
    this.add(this.left, buses[1], ACROSS, count);
    this.add(this.left, buses[2], WET_LEFT, count);
    this.add(right, buses[3], WET_RIGHT, count);
  }

  /** A strip that was not played yet has nothing to move smoothly. */
  private moveOrJump(): void {
    if (!this.began) {
      this.jump();
      return;
    }
    this.aim();
    this.controls.start();
    this.amplitudes.start();
  }

  /** Where the amplitudes want to be: they move as amplitudes, from which no jump in dB can be made. */
  private aim(): void {
    const { input, fader, pan, width, send } = this.columns;
    const values = this.controls.wanted;
    const amplitudes = this.amplitudes.wanted;
    const gain = this.channels === 2 ? balanceGain : panGain;
    const level = this.heard * gainOf(values, fader);
    const wet = send < 0 ? 0 : sendAmplitude(values[send]);
    amplitudes[INPUT] = gainOf(values, input);
    const own = level * (width < 0 ? 1 : (1 + values[width]) / 2);
    amplitudes[DRY_LEFT] = pan < 0 ? own : own * gain(values[pan], -1);
    amplitudes[DRY_RIGHT] = pan < 0 ? own : own * gain(values[pan], 1);
    amplitudes[ACROSS] = width < 0 ? 0 : level * ((1 - values[width]) / 2);
    amplitudes[WET_LEFT] = wet * amplitudes[DRY_LEFT];
    amplitudes[WET_RIGHT] = wet * amplitudes[DRY_RIGHT];
  }

  private advance(count: number): void {
    if (this.controls.moving || this.amplitudes.moving) {
      this.controls.advance(count);
      this.amplitudes.advance(count);
      this.arrive();
    }
  }

  /** Gives the effects the controls of the end of this block. */
  private arrive(): void {
    const values = this.controls.now;
    const { threshold, ratio, attack, release, knee, makeup } = this.columns.compressor;
    this.equalizer.set(values);
    const dynamics = this.compressor.dynamics;
    dynamics.thresholdDb = values[threshold];
    dynamics.slope = 1 / values[ratio] - 1;
    dynamics.kneeDb = values[knee];
    dynamics.attack = onePole(values[attack], this.sampleRate);
    dynamics.release = onePole(values[release], this.sampleRate);
    dynamics.makeupDb = values[makeup];
  }

  /** Whether nothing comes in, and nothing is left to come out. */
  private isSilent(count: number): boolean {
    if (!this.compressor.atRest || this.controls.moving) {
      return false;
    }
    for (let n = 0; n < count; n++) {
      if (this.left[n] !== 0 || (this.right && this.right[n] !== 0)) {
        return false;
      }
    }
    return this.equalizer.silent;
  }

  private applyInput(count: number): void {
    const start = this.amplitudes.before[INPUT];
    const step = (this.amplitudes.now[INPUT] - start) / count;
    if (start === 1 && step === 0) {
      return;
    }
    for (let n = 0; n < count; n++) {
      const gain = start + step * (n + 1);
      this.left[n] *= gain;
      if (this.right) {
        this.right[n] *= gain;
      }
    }
  }

  private add(row: Float64Array, bus: Float64Array, amplitude: number, count: number): void {
    const start = this.amplitudes.before[amplitude];
    const step = (this.amplitudes.now[amplitude] - start) / count;
    if (start === 0 && step === 0) {
      return;
    }
    for (let n = 0; n < count; n++) {
      bus[n] += row[n] * (start + step * (n + 1));
    }
  }

  private measure(count: number): void {
    const { levels } = this;
    this.survey(this.left, count);
    levels.peakLeft = Math.max(levels.peakLeft, this.rowPeak * this.amplitudes.now[DRY_LEFT]);
    levels.energyLeft += this.rowEnergy * this.amplitudes.now[DRY_LEFT] ** 2;
    if (this.right) {
      this.survey(this.right, count);
    }
    levels.peakRight = Math.max(levels.peakRight, this.rowPeak * this.amplitudes.now[DRY_RIGHT]);
    levels.energyRight += this.rowEnergy * this.amplitudes.now[DRY_RIGHT] ** 2;
  }

  /** Peak and energy of a row before the fader. */
  private survey(row: Float64Array, count: number): void {
    let peak = 0;
    let energy = 0;
    for (let n = 0; n < count; n++) {
      const x = row[n];
      const magnitude = Math.abs(x);
      peak = Math.max(magnitude, peak);
      energy += x * x;
    }
    this.rowPeak = peak;
    this.rowEnergy = energy;
  }
}

/** The factor of a gain effect, 1 where there is none. */
function gainOf(values: Float64Array, column: number): number {
  return column < 0 ? 1 : dbToAmplitude(values[column]);
}
