/** Conversions between decibels and amplitudes: diffmst/dsp/units.py, and `send_amplitude` of diffmst/dsp/stereo.py. */

const NEPER_PER_DB = Math.LN10 / 20;

/** A send at or below this level sends nothing. */
const SEND_OFF_DB = -80;

export function dbToAmplitude(db: number): number {
  return Math.exp(db * NEPER_PER_DB);
}

/** Level in dB; -Infinity for silence. */
export function amplitudeToDb(amplitude: number): number {
  return amplitude > 0 ? 20 * Math.log10(amplitude) : -Infinity;
}

/** Level in dB of a mean square; -Infinity for silence. */
export function powerToDb(power: number): number {
  return power > 0 ? 10 * Math.log10(power) : -Infinity;
}

/** Exactly 0 at or below `SEND_OFF_DB`. */
export function sendAmplitude(gainDb: number): number {
  return gainDb <= SEND_OFF_DB ? 0 : dbToAmplitude(gainDb);
}
