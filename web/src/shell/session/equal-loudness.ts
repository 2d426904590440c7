import type { SourceGainsDb } from "../../engine/types";
import type { Source } from "../../model/types";

export interface SourceLevel {
  /** Null of silence. */
  loudnessLufs: number | null;
  truePeakDbtp: number | null;
}

export type SourceLevels = Partial<Record<Source, SourceLevel>>;

const SOURCES: readonly Source[] = ["mix", "before", "reference"];
const HIGHEST_PEAK_DBTP = -0.1;

/**
 * Gains that make the sources equally loud: as loud as the mix, or less where another one would clip at that level.
 * What is not known, or silent, is left as it is.
 */
export function equalGains(levels: SourceLevels): SourceGainsDb {
  const known = SOURCES.flatMap((source) => {
    const level = levels[source];
    return level && level.loudnessLufs !== null
      ? [{ source, lufs: level.loudnessLufs, peakDbtp: level.truePeakDbtp ?? Number.NEGATIVE_INFINITY }]
      : [];
  });
  const wanted = known.find(({ source }) => source === "mix")?.lufs ?? Number.POSITIVE_INFINITY;
  const reachable = known.map(({ lufs, peakDbtp }) => lufs + HIGHEST_PEAK_DBTP - peakDbtp);
  const target = Math.min(wanted, ...reachable);
  const gains: SourceGainsDb = { mix: 0, before: 0, reference: 0 };
  for (const { source, lufs } of known) {
    gains[source] = target - lufs;
  }
  return gains;
}
