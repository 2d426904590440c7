import type { Stem } from "../../api/types";
import type { MixDocument } from "../../model/types";
import type { SessionModel } from "../session/session-model";

/** Stems that the mix has no track of, because they came after the match. */
export function leftOut(stems: readonly Stem[], mix: MixDocument): Stem[] {
  const mixed = new Set(mix.tracks.map(({ path }) => nameOf(path)));
  return stems.filter(({ file }) => !mixed.has(nameOf(file)));
}

/** Those of a song: the sentence that says which they are, or nothing where there are none. */
export function leftOutInWords(model: SessionModel): string {
  const desk = model.desk.value;
  const names = desk ? leftOut(model.info.value?.stems ?? [], desk.mix.value).map(({ name }) => name) : [];
  if (names.length === 0) {
    return "";
  }
  return names.length > 3 ? `${names.length} stems are not in the mix yet` : `Not in the mix yet: ${names.join(", ")}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
