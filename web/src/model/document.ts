/** Changes of a mix document as new documents: what does not change is shared, so that keeping all of them is cheap. */

import type { Section } from "./declarations";
import { withLock } from "./locks";
import type { Ends, MixDocument, Strip, TrackMix, Values } from "./types";

/** What a track and a bus have in common. */
export interface StripMix {
  settings: Values;
  locks: string[];
  ends: Ends | null;
}

const NOTHING: StripMix = { settings: {}, locks: [], ends: null };

/** Settings, locks and ends of a strip; nothing for a track that the document does not have. */
export function stripOf(mix: MixDocument, strip: Strip): StripMix {
  if (strip === "fx") {
    return { settings: mix.fx, locks: mix.fx_locks, ends: mix.fx_ends };
  }
  if (strip === "master") {
    return { settings: mix.master, locks: mix.master_locks, ends: mix.master_ends };
  }
  return mix.tracks[strip] ?? NOTHING;
}

export function withTrack(mix: MixDocument, track: number, change: Partial<TrackMix>): MixDocument {
  const tracks = mix.tracks.map((old, place) => (place === track ? { ...old, ...change } : old));
  return { ...mix, tracks };
}

export function withSettings(mix: MixDocument, strip: Strip, values: Values): MixDocument {
  const settings = { ...stripOf(mix, strip).settings, ...values };
  return typeof strip === "number" ? withTrack(mix, strip, { settings }) : { ...mix, [strip]: settings };
}

export function withLocks(mix: MixDocument, strip: Strip, section: Section, pattern: string, on: boolean): MixDocument {
  const locks = withLock(section, stripOf(mix, strip).locks, pattern, on);
  return typeof strip === "number" ? withTrack(mix, strip, { locks }) : { ...mix, [`${strip}_locks`]: locks };
}

const SIGNIFICANT_DIGITS = 5;
const MOST_DECIMALS = 4;

/** A value as the document shows it: five digits, at most four of them behind the point. */
export function rounded(value: number): number {
  if (value === 0) {
    return 0;
  }
  const before = Math.floor(Math.log10(Math.abs(value)));
  return Number(value.toFixed(Math.min(Math.max(SIGNIFICANT_DIGITS - 1 - before, 0), MOST_DECIMALS)));
}
