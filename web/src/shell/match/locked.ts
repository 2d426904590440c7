import type { MixDocument } from "../../model/types";

/** What matching leaves as it is, a line per strip: "Kick: fader.gain_db, eq.*". */
export function lockedInWords(mix: MixDocument): string[] {
  const strips = [
    ...mix.tracks.map(({ name, locks }) => ({ name, locks })),
    { name: "Reverb", locks: mix.fx_locks },
    { name: "Master", locks: mix.master_locks },
  ];
  return strips
    .filter(({ locks }) => locks.length > 0)
    .map(({ name, locks }) => `${name}: ${locks.map(inWords).join(", ")}`);
}

function inWords(pattern: string): string {
  if (pattern === "*") {
    return "everything";
  }
  return pattern
    .replace(/\.\*$/, "")
    .replace(/_(db|hz|ms|s)$/, "")
    .replaceAll(/[._]/g, " ");
}
