/**
 * Biquads: the cookbook formulae of diffmst/dsp/filters.py, and the loops that run them.
 *
 * Reference: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients".
 */

export type Shape = "low_shelf" | "peaking" | "high_shelf";

/** Above this share of the sample rate a band is held there, since the formulae end at one half. */
const HIGHEST_FREQUENCY = 0.48;

/** Numbers that describe one biquad: b0, b1, b2, a1, a2, with a0 = 1. */
export const TAPS = 5;

/** Below it a state is nothing but the way to denormals, which are slow. */
const SMALLEST_STATE = 1e-30;

/** Writes the coefficients of a band to `out[at ... at + 4]`. */
export function writeCoefficients(
  out: Float64Array,
  at: number,
  shape: Shape,
  sampleRate: number,
  gainDb: number,
  freqHz: number,
  q: number,
): void {
  const omega = ((2 * Math.PI) / sampleRate) * Math.min(freqHz, HIGHEST_FREQUENCY * sampleRate);
  const amplitude = 10 ** (gainDb / 40);
  const alpha = Math.sin(omega) / (2 * q);
  if (shape === "peaking") {
    writePeaking(out, at, amplitude, Math.cos(omega), alpha);
  } else {
    writeShelf(out, at, amplitude, Math.cos(omega), alpha, shape === "low_shelf" ? 1 : -1);
  }
}

function writePeaking(out: Float64Array, at: number, amplitude: number, cosine: number, alpha: number): void {
  const boost = alpha * amplitude;
  const a0 = 1 + alpha / amplitude;
  out[at] = (1 + boost) / a0;
  out[at + 1] = (-2 * cosine) / a0;
  out[at + 2] = (1 - boost) / a0;
  out[at + 3] = (-2 * cosine) / a0;
  out[at + 4] = (1 - alpha / amplitude) / a0;
}

/** The low shelf; the high shelf is its mirror at a quarter of the sample rate, where z becomes -z: `side` is -1. */
function writeShelf(
  out: Float64Array,
  at: number,
  amplitude: number,
  cosine: number,
  alpha: number,
  side: 1 | -1,
): void {
  const up = amplitude + 1;
  const down = amplitude - 1;
  const slope = 2 * Math.sqrt(amplitude) * alpha;
  const upCosine = up * side * cosine;
  const downCosine = down * side * cosine;
  const above = up - downCosine;
  const below = up + downCosine;
  const a0 = below + slope;
  out[at] = (amplitude * (above + slope)) / a0;
  out[at + 1] = (side * 2 * amplitude * (down - upCosine)) / a0;
  out[at + 2] = (amplitude * (above - slope)) / a0;
  out[at + 3] = (side * -2 * (down + upCosine)) / a0;
  out[at + 4] = (below - slope) / a0;
}

/** Whether the biquad at `at` changes nothing: its numerator is its denominator. */
export function isNeutral(coefficients: Float64Array, at: number): boolean {
  return (
    coefficients[at] === 1 &&
    coefficients[at + 1] === coefficients[at + 3] &&
    coefficients[at + 2] === coefficients[at + 4]
  );
}

/** Magnitude in dB of a cascade of biquads (flat, five numbers each) at a frequency. */
export function responseDb(coefficients: Float64Array, sampleRate: number, freqHz: number): number {
  // |c0 + c1/z + c2/zz|^2 by s = sin^2(w / 2), which keeps its digits at low frequencies: see `frequency_response_db`.
  const s = Math.sin((Math.PI * freqHz) / sampleRate) ** 2;
  const power = (c0: number, c1: number, c2: number) =>
    (c0 + c1 + c2) ** 2 - 4 * s * (c0 * c1 + 4 * c0 * c2 + c1 * c2) + 16 * s * s * c0 * c2;
  let total = 0;
  for (let at = 0; at < coefficients.length; at += TAPS) {
    const [b0, b1, b2, a1, a2] = coefficients.subarray(at, at + TAPS);
    total += 10 * Math.log10(power(b0, b1, b2) / power(1, a1, a2));
  }
  return total;
}

/**
 * Turns coefficients into those that the loops run on: b0, b1 - a1 b0, b2 - a2 b0, a1, a2. The next state then depends
 * on the input and the state alone, which halves the time from one sample to the next:
 *
 *     y = b0 x + z1;   z1' = (b1 - a1 b0) x - a1 z1 + z2;   z2' = (b2 - a2 b0) x - a2 z1
 */
export function writeRunning(out: Float64Array, coefficients: Float64Array): void {
  for (let at = 0; at < coefficients.length; at += TAPS) {
    const b0 = coefficients[at];
    const a1 = coefficients[at + 3];
    const a2 = coefficients[at + 4];
    out[at] = b0;
    out[at + 1] = coefficients[at + 1] - a1 * b0;
    out[at + 2] = coefficients[at + 2] - a2 * b0;
    out[at + 3] = a1;
    out[at + 4] = a2;
  }
}

/** Filters one row in place; `state` holds z1, z2 at `stateAt`. */
export function filterRow(
  running: Float64Array,
  at: number,
  state: Float64Array,
  stateAt: number,
  row: Float64Array,
  count: number,
): void {
  const b0 = running[at];
  const c1 = running[at + 1];
  const c2 = running[at + 2];
  const a1 = running[at + 3];
  const a2 = running[at + 4];
  let z1 = state[stateAt];
  let z2 = state[stateAt + 1];
  for (let n = 0; n < count; n++) {
    const x = row[n];
    row[n] = b0 * x + z1;
    const next = c1 * x + z2 - a1 * z1;
    z2 = c2 * x - a2 * z1;
    z1 = next;
  }
  state[stateAt] = flushed(z1);
  state[stateAt + 1] = flushed(z2);
}

/** Filters left and right in place, side by side: each hides the latency of the other. State: z1, z2 left, then right. */
export function filterPair(
  running: Float64Array,
  at: number,
  state: Float64Array,
  stateAt: number,
  left: Float64Array,
  right: Float64Array,
  count: number,
): void {
  const b0 = running[at];
  const c1 = running[at + 1];
  const c2 = running[at + 2];
  const a1 = running[at + 3];
  const a2 = running[at + 4];
  let z1 = state[stateAt];
  let z2 = state[stateAt + 1];
  let w1 = state[stateAt + 2];
  let w2 = state[stateAt + 3];
  for (let n = 0; n < count; n++) {
    const x = left[n];
    const u = right[n];
    left[n] = b0 * x + z1;
    right[n] = b0 * u + w1;
    const z = c1 * x + z2 - a1 * z1;
    const w = c1 * u + w2 - a1 * w1;
    z2 = c2 * x - a2 * z1;
    w2 = c2 * u - a2 * w1;
    z1 = z;
    w1 = w;
  }
  state[stateAt] = flushed(z1);
  state[stateAt + 1] = flushed(z2);
  state[stateAt + 2] = flushed(w1);
  state[stateAt + 3] = flushed(w2);
}

/** Filters one row in place while the biquad moves from `before` to `after` in equal steps; stable all the way. */
export function filterMoving(
  before: Float64Array,
  after: Float64Array,
  at: number,
  state: Float64Array,
  stateAt: number,
  row: Float64Array,
  count: number,
): void {
  let z1 = state[stateAt];
  let z2 = state[stateAt + 1];
  for (let n = 0; n < count; n++) {
    const share = (n + 1) / count;
    const rest = 1 - share;
    const x = row[n];
    row[n] = (rest * before[at] + share * after[at]) * x + z1;
    const c1 = rest * before[at + 1] + share * after[at + 1];
    const c2 = rest * before[at + 2] + share * after[at + 2];
    const next = c1 * x + z2 - (rest * before[at + 3] + share * after[at + 3]) * z1;
    z2 = c2 * x - (rest * before[at + 4] + share * after[at + 4]) * z1;
    z1 = next;
  }
  state[stateAt] = flushed(z1);
  state[stateAt + 1] = flushed(z2);
}

function flushed(state: number): number {
  return Math.abs(state) < SMALLEST_STATE ? 0 : state;
}
