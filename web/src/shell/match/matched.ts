import type { MixDocument } from "../../model/types";

/** Whether a mix has been matched to a song; one of stems alone is only balanced. */
export function isMatched(mix: MixDocument): boolean {
  return mix.comparison !== null;
}
