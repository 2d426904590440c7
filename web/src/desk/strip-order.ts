/** In which order strips stand: as in the document, but what is of one group side by side. */

import type { TrackMix } from "../model/types";

export interface PlacedStrip {
  track: number;
  /** Empty for a track of its own. */
  group: string;
  /** Whether a group begins or ends here. */
  first: boolean;
  last: boolean;
}

export function placedStrips(tracks: readonly Pick<TrackMix, "group">[]): PlacedStrip[] {
  const groups = new Map<string, number[]>();
  for (const [track, { group }] of tracks.entries()) {
    const key = group ? `group ${group}` : `track ${track}`;
    groups.set(key, [...(groups.get(key) ?? []), track]);
  }
  return [...groups.values()].flatMap((members) => {
    const group = members.length > 1 ? tracks[members[0]].group : "";
    return members.map((track, place) => ({
      track,
      group,
      first: place === 0,
      last: place === members.length - 1,
    }));
  });
}
