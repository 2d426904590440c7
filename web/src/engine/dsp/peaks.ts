/**
 * Peaks of audio between its samples, where they can matter at all: diffmst/dsp/kernels/cpu_peaks.py, whose head derives
 * how phases are paired with their mirror images, and where no peak needs to be looked for.
 *
 * Reference: ITU-R BS.1770-4, annex 2 (true peak).
 */

const OVERSAMPLING = 8;
const HALF_TAPS = 32; // samples that the interpolator reads on either side
const KAISER_BETA = 6;

/** Samples that are interpolated, or not, together. */
export const GROUP = 32;

/** Two of the four phases of the interpolator of the standard; the others are their mirror images. */
const BS_1770_PHASES = [
  [
    0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875, 0.1373291015625, 0.97216796875,
    -0.102294921875, 0.047607421875, -0.026611328125, 0.014892578125, -0.00830078125,
  ],
  [
    -0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625, 0.465087890625, 0.77978515625,
    -0.2003173828125, 0.1015625, -0.0582275390625, 0.0330810546875, -0.0189208984375,
  ],
];

/** One phase and its mirror image: even and odd part, from the middle outwards. */
interface Phase {
  even: Float64Array;
  odd: Float64Array;
}

/** Filters that read a signal between two samples, and what no value that they read exceeds. */
export interface Interpolator {
  phases: Phase[];
  /** Bound by the samples: times the higher of two neighbours. */
  level: number;
  /** Bound by the second difference around them. */
  curvature: number;
}

/** A windowed sinc at every 1 / OVERSAMPLING of a sample, and the filter of the standard. */
export function limiterInterpolator(): Interpolator {
  const sincs = Array.from({ length: OVERSAMPLING / 2 }, (_, k) => windowedSinc((k + 1) / OVERSAMPLING));
  const rows = [...sincs, ...BS_1770_PHASES];
  return {
    phases: rows.map(paired),
    level: Math.max(...rows.map((row) => Math.abs(sum(row)))),
    curvature: Math.max(...rows.map(curvatureBound)),
  };
}

function windowedSinc(phase: number): number[] {
  const taps = Array.from({ length: 2 * HALF_TAPS }, (_, k) => {
    const distance = k + 1 - HALF_TAPS - phase;
    const window = bessel0(KAISER_BETA * Math.sqrt(1 - (distance / HALF_TAPS) ** 2));
    return (window * Math.sin(Math.PI * distance)) / (Math.PI * distance);
  });
  const total = sum(taps);
  return taps.map((tap) => tap / total);
}

/** Modified Bessel function of the first kind, of order zero, by its series. */
function bessel0(x: number): number {
  let term = 1;
  let total = 1;
  for (let k = 1; term > 1e-17 * total; k++) {
    term *= (x / (2 * k)) ** 2;
    total += term;
  }
  return total;
}

function paired(taps: readonly number[]): Phase {
  const half = taps.length / 2;
  const even = Float64Array.from({ length: half }, (_, j) => (taps[half - 1 - j] + taps[half + j]) / 2);
  const odd = Float64Array.from({ length: half }, (_, j) => (taps[half - 1 - j] - taps[half + j]) / 2);
  return { even, odd };
}

/** The sum of magnitudes of what is left of a filter after a point on the line, as it acts on the second difference. */
function curvatureBound(taps: readonly number[]): number {
  const half = taps.length / 2;
  const total = sum(taps);
  const position = sum(taps.map((tap, k) => tap * (k + 1 - half))) / total;
  const rest = [...taps];
  rest[half - 1] -= total * (1 - position);
  rest[half] -= total * position;
  let slope = 0;
  let height = 0;
  let bound = 0;
  for (const value of rest) {
    slope += value;
    height += slope;
    bound += Math.abs(height);
  }
  return bound;
}

/** The highest magnitude between x[at] and x[at + 1]. */
export function peakBetween(interpolator: Interpolator, x: Float64Array, at: number): number {
  let peak = 0;
  for (let p = 0; p < interpolator.phases.length; p++) {
    const { even, odd } = interpolator.phases[p];
    let sums = 0;
    let differences = 0;
    for (let j = 0; j < even.length; j++) {
      const before = x[at - j];
      const after = x[at + 1 + j];
      sums += even[j] * (before + after);
      differences += odd[j] * (before - after);
    }
    const highest = Math.abs(sums) + Math.abs(differences);
    peak = Math.max(highest, peak);
  }
  return peak;
}

/** What no value in the gaps after x[begin], ..., x[begin + GROUP - 1] exceeds. */
export function boundOfGroup(interpolator: Interpolator, x: Float64Array, begin: number): number {
  let level = 0;
  let curvature = 0;
  for (let n = begin - GROUP; n < begin + 2 * GROUP; n++) {
    const bend = Math.abs(x[n - 1] - x[n] + (x[n + 1] - x[n]));
    curvature = Math.max(bend, curvature);
  }
  for (let n = begin; n <= begin + GROUP; n++) {
    const magnitude = Math.abs(x[n]);
    level = Math.max(magnitude, level);
  }
  return 1.00001 * (interpolator.level * level + interpolator.curvature * curvature);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
