/** Changes of one document brought into another: a three-way merge, as the server does it in diffmst/rebase.py. */

import type { MixDocument } from "./types";

type Part = Readonly<Record<string, unknown>>;

/** What was found, with all that differs between a document of the same tracks and the same as the user has edited it. */
export function withEdits(found: MixDocument, before: MixDocument, edited: MixDocument): MixDocument {
  const tracks = found.tracks.map((track, place) => merged(track, before.tracks[place], edited.tracks[place]));
  return { ...merged(found, before, edited), tracks };
}

function merged<Whole extends object>(found: Whole, before: Whole, edited: Whole): Whole {
  const [theirs, base, ours] = [found, before, edited] as unknown as Part[];
  const names = Object.keys({ ...theirs, ...ours });
  return Object.fromEntries(names.map((name) => [name, chosen(theirs[name], base[name], ours[name])])) as Whole;
}

function chosen(found: unknown, before: unknown, edited: unknown): unknown {
  if (isPart(found) && isPart(before) && isPart(edited)) {
    return merged(found, before, edited);
  }
  return JSON.stringify(before) === JSON.stringify(edited) ? found : edited;
}

function isPart(value: unknown): value is Part {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
