import { api } from "../../api/client";
import type { Peaks } from "../../api/types";

/** A stretch of an outline, in seconds. */
export interface Outline {
  startS: number;
  endS: number;
  low: number[];
  high: number[];
  rms: number[];
}

export interface Source {
  session: string;
  source: string;
}

/** Of all of a source, which tells its sample rate too. */
export interface WholeOutline extends Outline {
  rate: number;
}

export async function wholeOutline({ session, source }: Source, points: number): Promise<WholeOutline> {
  const peaks = await api.peaks(session, source, { points });
  return { ...outlineOf(peaks, 0, peaks.frames / peaks.sample_rate), rate: peaks.sample_rate };
}

/** A stretch of it in detail. */
export async function stretchOutline(
  { session, source }: Source,
  [startS, endS]: [number, number],
  rate: number,
  points: number,
  signal: AbortSignal,
): Promise<Outline> {
  const start = Math.max(0, Math.floor(startS * rate));
  const frames = Math.max(1, Math.ceil((endS - startS) * rate));
  const peaks = await api.peaks(session, source, { points, start, frames }, signal);
  return outlineOf(peaks, start / rate, Math.min(start + frames, peaks.frames) / rate);
}

function outlineOf({ low, high, rms }: Peaks, startS: number, endS: number): Outline {
  return { startS, endS, low, high, rms };
}

const FILLED_BY = 0.98;
const ROOM = 1.15;

/** What makes all but the very highest peaks fit a lane: raw stems may be quiet. */
export function fillingScale({ low, high }: Outline): number {
  const peaks = high.map((value, point) => Math.max(value, -low[point])).sort((a, b) => a - b);
  return 1 / Math.max(1e-6, ROOM * (peaks[Math.floor(FILLED_BY * (peaks.length - 1))] ?? 0));
}

export function scaled(outline: Outline, scale: number): Outline {
  const by = (values: readonly number[]) => values.map((value) => scale * value);
  return { ...outline, low: by(outline.low), high: by(outline.high), rms: by(outline.rms) };
}

/** Lowest, highest and RMS of every pixel from the left, one after the other. */
export function columns(outline: Outline, [fromS, toS]: [number, number], width: number): Float32Array {
  const perPoint = (outline.endS - outline.startS) / outline.low.length;
  const values = new Float32Array(3 * width);
  for (let x = 0; x < width; x++) {
    const first = Math.floor((fromS + ((toS - fromS) * x) / width - outline.startS) / perPoint);
    const next = Math.ceil((fromS + ((toS - fromS) * (x + 1)) / width - outline.startS) / perPoint);
    fill(values, x, outline, Math.max(0, first), Math.min(outline.low.length, Math.max(first + 1, next)));
  }
  return values;
}

function fill(values: Float32Array, x: number, { low, high, rms }: Outline, first: number, end: number): void {
  let [lowest, highest, square] = [0, 0, 0];
  for (let point = first; point < end; point++) {
    lowest = Math.min(lowest, low[point]);
    highest = Math.max(highest, high[point]);
    square += rms[point] ** 2;
  }
  values[3 * x] = lowest;
  values[3 * x + 1] = highest;
  values[3 * x + 2] = end > first ? Math.sqrt(square / (end - first)) : 0;
}
