import { type Signal, signal } from "@preact/signals";
import { lineOf } from "./http";

export type UploadState = "waiting" | "sending" | "checking" | "done" | "failed" | "cancelled";

export interface Upload {
  /** The same file may be on the list twice. */
  readonly id: number;
  readonly file: File;
  readonly url: string;
  readonly state: Signal<UploadState>;
  /** 0 .. 1 of its bytes. */
  readonly share: Signal<number>;
  /** Why it failed. */
  readonly message: Signal<string>;
}

const AT_ONCE = 2;

/** Files on their way to the server, two at a time; one that fails does not hold up the others. */
export class Uploads {
  readonly list = signal<Upload[]>([]);
  private readonly sending = new Map<Upload, XMLHttpRequest>();
  private added = 0;

  /**
   * @param maxBytes largest file that the server takes, told before anything is sent.
   * @param onDone told of each file that has arrived.
   */
  constructor(
    private readonly maxBytes: () => number,
    private readonly onDone: (upload: Upload) => void,
  ) {}

  add(file: File, url: string): Upload {
    const [state, share, message] = [signal<UploadState>("waiting"), signal(0), signal("")];
    const upload: Upload = { id: ++this.added, file, url, state, share, message };
    this.list.value = [...this.list.value, upload];
    if (file.size > this.maxBytes()) {
      this.fail(upload, `too large: ${megabytes(file.size)} MB, at most ${megabytes(this.maxBytes())} MB`);
    } else if (file.size === 0) {
      this.fail(upload, "the file is empty");
    } else {
      this.next();
    }
    return upload;
  }

  cancel(upload: Upload): void {
    if (upload.state.value === "done") {
      return;
    }
    upload.state.value = "cancelled";
    this.sending.get(upload)?.abort();
    this.forget(upload);
    this.next();
  }

  cancelAll(): void {
    for (const upload of this.list.value) {
      this.cancel(upload);
    }
  }

  /** Takes it off the list. */
  forget(upload: Upload): void {
    this.list.value = this.list.value.filter((other) => other !== upload);
  }

  private next(): void {
    const waiting = this.list.value.filter((upload) => upload.state.value === "waiting");
    for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - this.sending.size))) {
      this.send(upload);
    }
  }

  // fetch cannot tell how far it is; XMLHttpRequest can.
  private send(upload: Upload): void {
    const xhr = new XMLHttpRequest();
    this.sending.set(upload, xhr);
    upload.state.value = "sending";
    xhr.open("PUT", upload.url);
    xhr.setRequestHeader("Content-Type", "application/octet-stream");
    xhr.upload.onprogress = ({ loaded, total }) => {
      upload.share.value = total > 0 ? loaded / total : 0;
      upload.state.value = loaded >= total ? "checking" : "sending";
    };
    xhr.onloadend = () => this.ended(upload, xhr);
    xhr.send(upload.file);
  }

  private ended(upload: Upload, xhr: XMLHttpRequest): void {
    this.sending.delete(upload);
    if (upload.state.value !== "cancelled") {
      if (xhr.status >= 200 && xhr.status < 300) {
        upload.state.value = "done";
        this.forget(upload);
        this.onDone(upload);
      } else {
        this.fail(upload, refusal(xhr).replace(`${upload.file.name}: `, ""));
      }
    }
    this.next();
  }

  private fail(upload: Upload, message: string): void {
    upload.message.value = message;
    upload.state.value = "failed";
  }
}

function refusal(xhr: XMLHttpRequest): string {
  if (xhr.status === 0) {
    return "the connection was lost";
  }
  try {
    return lineOf(JSON.parse(xhr.responseText)) || `refused (${xhr.status})`;
  } catch {
    return `refused (${xhr.status})`;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
