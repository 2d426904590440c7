/** The equalizer of a strip: low shelf, peaking bands, high shelf; bands that change nothing cost nothing. */

import {
  filterMoving,
  filterPair,
  filterRow,
  isNeutral,
  type Shape,
  TAPS,
  writeCoefficients,
  writeRunning,
} from "./biquad";
import type { EqualizerColumns } from "./columns";

/** z1 and z2 of two channels. */
const STATES = 4;

/** What a band that has become neutral still rings with at this level, -240 dBFS, is dropped. */
const SILENT_STATE = 1e-12;

export class Equalizer {
  readonly bands: number;
  /** Coefficients b0, b1, b2, a1, a2 of every band, flat. */
  readonly coefficients: Float64Array;
  private readonly running: Float64Array;
  private readonly before: Float64Array;
  private readonly state: Float64Array;
  private moved = false;

  constructor(
    private readonly columns: EqualizerColumns,
    private readonly sampleRate: number,
  ) {
    this.bands = columns.gain.length;
    this.coefficients = new Float64Array(this.bands * TAPS);
    this.running = new Float64Array(this.bands * TAPS);
    this.before = new Float64Array(this.bands * TAPS);
    this.state = new Float64Array(this.bands * STATES);
  }

  /** Takes the controls at the end of the next block, towards which the filters move within it. */
  set(controls: Float64Array): void {
    this.before.set(this.running);
    writeEqualizer(this.coefficients, this.columns, this.sampleRate, controls);
    writeRunning(this.running, this.coefficients);
    this.moved = true;
  }

  /** Ends a move: the filters are where the controls want them. */
  settle(): void {
    this.before.set(this.running);
    this.moved = false;
  }

  reset(): void {
    this.state.fill(0);
  }

  /** Whether nothing rings. */
  get silent(): boolean {
    for (let k = 0; k < this.state.length; k++) {
      if (this.state[k] !== 0) {
        return false;
      }
    }
    return true;
  }

  /** Filters a block in place. */
  process(left: Float64Array, right: Float64Array | null, count: number): void {
    for (let band = 0; band < this.bands; band++) {
      if (this.moved) {
        this.move(band, left, right, count);
      } else if (!this.rests(band)) {
        this.run(band, left, right, count);
      }
    }
    if (this.moved) {
      this.settle();
    }
  }

  private move(band: number, left: Float64Array, right: Float64Array | null, count: number): void {
    const at = band * TAPS;
    filterMoving(this.before, this.running, at, this.state, band * STATES, left, count);
    if (right) {
      filterMoving(this.before, this.running, at, this.state, band * STATES + 2, right, count);
    }
  }

  private run(band: number, left: Float64Array, right: Float64Array | null, count: number): void {
    if (right) {
      filterPair(this.running, band * TAPS, this.state, band * STATES, left, right, count);
    } else {
      filterRow(this.running, band * TAPS, this.state, band * STATES, left, count);
    }
  }

  /** Whether a band does nothing: it is neutral, and what it once rang with has died away. */
  private rests(band: number): boolean {
    if (!isNeutral(this.coefficients, band * TAPS)) {
      return false;
    }
    const at = band * STATES;
    let loudest = 0;
    for (let k = at; k < at + STATES; k++) {
      loudest = Math.max(loudest, Math.abs(this.state[k]));
    }
    if (loudest > SILENT_STATE) {
      return false;
    }
    this.state.fill(0, at, at + STATES);
    return true;
  }
}

/** Writes the coefficients of all bands, as `equalizer_coefficients` of diffmst/dsp/filters.py. */
function writeEqualizer(
  out: Float64Array,
  columns: EqualizerColumns,
  sampleRate: number,
  controls: ArrayLike<number>,
): void {
  const last = columns.gain.length - 1;
  for (let band = 0; band <= last; band++) {
    const shape: Shape = band === 0 ? "low_shelf" : band === last ? "high_shelf" : "peaking";
    const gainDb = controls[columns.gain[band]];
    const freqHz = controls[columns.freq[band]];
    writeCoefficients(out, band * TAPS, shape, sampleRate, gainDb, freqHz, controls[columns.q[band]]);
  }
}

/** Coefficients of an equalizer whose controls are given by vector; five per band, flat. */
export function equalizerCoefficients(
  columns: EqualizerColumns,
  sampleRate: number,
  controls: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(columns.gain.length * TAPS);
  writeEqualizer(out, columns, sampleRate, controls);
  return out;
}
