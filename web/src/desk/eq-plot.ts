/** The plane of an equalizer: frequency to the right by octaves, gain upwards. */

import type { Size } from "./size";

export const LOW_HZ = 20;
export const HIGH_HZ = 20_000;

export interface Plot {
  size: Size;
  /** Gain at the upper edge; at the lower edge it is the negative of it. */
  edgeDb: number;
}

const OCTAVES = Math.log(HIGH_HZ / LOW_HZ);

export function xOf({ size }: Plot, hz: number): number {
  return (size.width * Math.log(hz / LOW_HZ)) / OCTAVES;
}

export function hzOf({ size }: Plot, x: number): number {
  return LOW_HZ * Math.exp((OCTAVES * x) / size.width);
}

export function yOf({ size, edgeDb }: Plot, db: number): number {
  return (size.height / 2) * (1 - db / edgeDb);
}

export function dbOf({ size, edgeDb }: Plot, y: number): number {
  return edgeDb * (1 - (2 * y) / size.height);
}

export function pathOf(plot: Plot, freqsHz: readonly number[], gainsDb: readonly number[]): string {
  const points = gainsDb.map((db, at) => `${xOf(plot, freqsHz[at]).toFixed(1)} ${yOf(plot, db).toFixed(1)}`);
  return points.length ? `M${points.join("L")}` : "";
}

/** The same path closed along 0 dB. */
export function areaOf(plot: Plot, freqsHz: readonly number[], gainsDb: readonly number[]): string {
  const zero = yOf(plot, 0).toFixed(1);
  const last = xOf(plot, freqsHz[gainsDb.length - 1]).toFixed(1);
  return `${pathOf(plot, freqsHz, gainsDb)}L${last} ${zero}L${xOf(plot, freqsHz[0]).toFixed(1)} ${zero}Z`;
}

/** Lines of the grid, those with a number first. */
export const GRID_HZ: readonly { hz: number; text: string }[] = [
  { hz: 50, text: "50" },
  { hz: 100, text: "100" },
  { hz: 200, text: "200" },
  { hz: 500, text: "500" },
  { hz: 1000, text: "1k" },
  { hz: 2000, text: "2k" },
  { hz: 5000, text: "5k" },
  { hz: 10_000, text: "10k" },
];
