import { api, type FileKind } from "../../api/client";

/** Files that were chosen before there was a session: it uploads them when it is opened. */
const waiting = new Map<string, { kind: FileKind; files: File[] }>();

/**
 * A new session for some files.
 *
 * @param others what the songs are called that there are.
 * @returns its id.
 */
export async function startWith(kind: FileKind, files: File[], others: readonly string[]): Promise<string> {
  const { id } = await api.create(unlike(others, titleOf(kind, files)));
  waiting.set(id, { kind, files });
  return id;
}

export function takeFiles(id: string): { kind: FileKind; files: File[] } | null {
  const found = waiting.get(id) ?? null;
  waiting.delete(id);
  return found;
}

/** The folder that the stems were dropped in is what people call the song. */
function titleOf(kind: FileKind, files: readonly File[]): string {
  const folder = kind === "stems" ? (files[0]?.webkitRelativePath.split("/")[0] ?? "") : "";
  return folder.replaceAll(/[_\s]+/g, " ").trim() || "New song";
}

/** The title, with a number where another song is called so already: nobody could tell them apart. */
export function unlike(others: readonly string[], title: string): string {
  let free = title;
  for (let number = 2; others.includes(free); number++) {
    free = `${title} ${number}`;
  }
  return free;
}
