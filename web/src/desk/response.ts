/** The frequency response of an equalizer's settings, by the engine's own coefficients. */

import { responseDb, type Shape, TAPS, writeCoefficients } from "../engine/dsp/biquad";
import type { Section } from "../model/declarations";
import type { Values } from "../model/types";

export interface Band {
  name: string;
  gain: string;
  freq: string;
  q: string;
  shape: Shape;
}

/** The bands of a section's equalizer, with the names of their controls. */
export function bandsOf(section: Section): Band[] {
  return section.bands("eq").map((name) => ({
    name,
    gain: `eq.${name}.gain_db`,
    freq: `eq.${name}.freq_hz`,
    q: `eq.${name}.q`,
    shape: name === "low_shelf" || name === "high_shelf" ? name : "peaking",
  }));
}

/** Coefficients of some bands, five numbers each. */
export function coefficientsOf(
  bands: readonly Band[],
  values: Values,
  defaults: Readonly<Values>,
  sampleRate: number,
): Float64Array {
  const all = { ...defaults, ...values };
  const coefficients = new Float64Array(TAPS * bands.length);
  for (const [place, { shape, gain, freq, q }] of bands.entries()) {
    writeCoefficients(coefficients, TAPS * place, shape, sampleRate, all[gain], all[freq], all[q]);
  }
  return coefficients;
}

/** Gain in dB at each of the frequencies; those above the Nyquist frequency are left out. */
export function responseAt(coefficients: Float64Array, sampleRate: number, freqsHz: readonly number[]): number[] {
  return freqsHz.filter((hz) => hz < sampleRate / 2).map((hz) => responseDb(coefficients, sampleRate, hz));
}

/** Frequencies at equal distances to the ear. */
export function frequencies(count: number, lowHz: number, highHz: number): number[] {
  return Array.from({ length: count }, (_, at) => lowHz * (highHz / lowHz) ** (at / (count - 1)));
}
