import type { Pictures, Sound } from "../../api/types";
import type { Aspect } from "../../model/types";
import type { Series, SeriesKind } from "./line-chart";

export const NAMES: Record<SeriesKind, string> = { reference: "Reference", before: "Before", after: "Mix" };
const KINDS: readonly SeriesKind[] = ["reference", "before", "after"];

type Curve = "mid_db" | "side_db" | "total_db";

/** The sounds that are compared, for one aspect: several references may each have theirs. */
export function heardFor(pictures: Pictures, aspect: Aspect): Partial<Record<SeriesKind, Sound>> {
  const reference = pictures.sounds[pictures.reference_of[aspect] ?? ""];
  return { reference, before: pictures.sounds.before, after: pictures.sounds.after };
}

export function spectra(pictures: Pictures, aspect: Aspect, curve: Curve): Series[] {
  const heard = heardFor(pictures, aspect);
  return KINDS.flatMap((kind) => {
    const sound = heard[kind];
    return sound ? [{ kind, name: NAMES[kind], x: sound.freq_hz, y: sound[curve], filled: kind === "reference" }] : [];
  });
}

/** How far the tone is from the reference, before and after. */
export function toneDifference(pictures: Pictures): Series[] {
  const { reference, before, after } = heardFor(pictures, "tone");
  if (!reference) {
    return [];
  }
  return (["before", "after"] as const).flatMap((kind) => {
    const sound = { before, after }[kind];
    const shared = Math.min(sound?.total_db.length ?? 0, reference.total_db.length);
    const y = sound?.total_db.slice(0, shared).map((value, band) => value - reference.total_db[band]);
    return y ? [{ kind, name: NAMES[kind], x: reference.freq_hz.slice(0, shared), y }] : [];
  });
}

/** Short-term loudness against the loudness of the whole. */
export function loudnessOverTime(pictures: Pictures): Series[] {
  const heard = heardFor(pictures, "level");
  return KINDS.flatMap((kind) => {
    const sound = heard[kind];
    return sound ? [{ kind, name: NAMES[kind], x: sound.time_s, y: sound.short_term_lu }] : [];
  });
}

/** The top of an axis over spectra, a multiple of 6 dB. */
export function topOf(series: readonly Series[]): number {
  const highest = Math.max(...series.flatMap(({ y }) => y.map((value) => value ?? Number.NEGATIVE_INFINITY)));
  return Number.isFinite(highest) ? 6 * Math.ceil((highest + 1) / 6) : 0;
}
