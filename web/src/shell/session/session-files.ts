import { api, type FileKind } from "../../api/client";
import { messageOf } from "../../api/http";
import { type Upload, Uploads } from "../../api/uploads";
import { notify } from "../../ui/toast";

/** Stems and references on their way in, and out. */
export class SessionFiles {
  readonly uploads: Record<FileKind, Uploads>;

  constructor(
    private readonly id: string,
    maxBytes: () => number,
    private readonly onChanged: () => void,
  ) {
    this.uploads = { stems: new Uploads(maxBytes, onChanged), references: new Uploads(maxBytes, onChanged) };
  }

  upload(kind: FileKind, files: readonly File[]): Upload[] {
    return files.map((file) => this.uploads[kind].add(file, api.uploadUrl(this.id, kind, file.name)));
  }

  async remove(kind: FileKind, file: string): Promise<void> {
    try {
      await api.removeFile(this.id, kind, file);
      this.onChanged();
    } catch (reason) {
      notify(messageOf(reason), "bad");
    }
  }

  close(): void {
    this.uploads.stems.cancelAll();
    this.uploads.references.cancelAll();
  }
}
