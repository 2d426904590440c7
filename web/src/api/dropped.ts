/** The files of a drop, those in dropped folders too, in the order of their names. */
export async function droppedFiles(data: DataTransfer): Promise<File[]> {
  // The entries must be taken before the first await: the list is emptied when the event is over.
  const entries = [...data.items].flatMap((item) => {
    const entry = item.kind === "file" ? item.webkitGetAsEntry?.() : null;
    return entry ? [entry] : [];
  });
  if (entries.length === 0) {
    return [...data.files];
  }
  const found = await Promise.all(entries.map(filesBelow));
  return found.flat();
}

async function filesBelow(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await fileOf(entry as FileSystemFileEntry)];
  }
  const below = await allEntries((entry as FileSystemDirectoryEntry).createReader());
  const visible = below.filter((child) => !child.name.startsWith("."));
  visible.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  return (await Promise.all(visible.map(filesBelow))).flat();
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** A reader gives at most a hundred entries at a time, and none when it is done. */
async function allEntries(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) {
      return all;
    }
    all.push(...some);
  }
}

/** Whether a file may be a stem or a song as far as its name tells; the server looks inside. */
export function looksLikeAudio(name: string, extensions: readonly string[]): boolean {
  const dot = name.lastIndexOf(".");
  const extension = dot < 0 ? "" : name.slice(dot).toLowerCase();
  return extensions.some((known) => `.${known.replace(/^\./, "").toLowerCase()}` === extension);
}
