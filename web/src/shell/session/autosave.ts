import { signal } from "@preact/signals";
import { ApiError, messageOf, ServerAway } from "../../api/http";
import type { SavedMix } from "../../api/types";
import type { MixDocument } from "../../model/types";
import { remember, remembered } from "../remembered";

/**
 * - saved: the server has everything
 * - saving: on its way
 * - away: the server does not answer; this browser keeps the changes
 * - conflict: another page or program changed the document first
 * - refused: the server will not have it
 */
export type SaveState = "saved" | "saving" | "away" | "conflict" | "refused";

/** A document that this browser keeps because the server may not have it. */
export interface Kept extends SavedMix {
  at: string;
}

const KEEP_AFTER_MS = 250;
/** One request may get lost while events still come: nobody else would say that the server is there. */
const AGAIN_AFTER_MS = 3000;

/** Brings the document to the server, one request at a time, and keeps a copy in the browser until it is there. */
export class Autosave {
  readonly state = signal<SaveState>("saved");
  readonly problem = signal("");
  /** That the server had last, as far as we know. */
  revision: number;
  private waiting: MixDocument | null = null;
  private busy = false;
  private turn: Promise<void> = Promise.resolve();
  private keeping: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private edits = 0;
  private loads = 0;
  private closed = false;

  constructor(
    private readonly id: string,
    revision: number,
    private readonly put: (saved: SavedMix) => Promise<{ revision: number }>,
    /** Called when nothing is on its way any more. */
    private readonly onSettled: () => void = () => {},
  ) {
    this.revision = revision;
  }

  /** Whether there is something that the server does not have. */
  get dirty(): boolean {
    return this.state.peek() !== "saved";
  }

  /** Every change, at once: from here on it would be lost with the page. */
  edited(mix: MixDocument): void {
    if (this.closed) {
      return;
    }
    this.edits++;
    if (this.state.peek() === "saved") {
      this.state.value = "saving";
    }
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keep(mix), KEEP_AFTER_MS);
  }

  /** A document to save, when the user has paused. */
  save(mix: MixDocument): void {
    if (this.closed) {
      return;
    }
    this.keep(mix);
    this.waiting = mix;
    if (this.state.peek() !== "conflict") {
      this.go();
    }
  }

  /** The server is there again, or the user wants to try again. */
  retry(): void {
    if (this.state.peek() === "away" || this.state.peek() === "refused") {
      this.go();
    }
  }

  /** Of a conflict: what stands here replaces the other, which stays in the history. */
  keepMine(revision: number): void {
    this.revision = revision;
    this.state.value = "saving";
    this.go();
  }

  /** What the server has is shown now: nothing waits any more. */
  loaded(revision: number): void {
    this.revision = revision;
    this.loads++;
    this.waiting = null;
    this.done();
  }

  /** Another desk is shown, or none: what is on its way arrives, what is not saved stays in the browser. */
  close(): void {
    this.closed = true;
    clearTimeout(this.keeping);
    clearTimeout(this.again);
  }

  /** Resolves when nothing is on its way, saved or not. */
  async settled(): Promise<void> {
    await this.turn;
  }

  private go(): void {
    const before = this.turn;
    this.turn = this.next().then(() => before);
  }

  private async next(): Promise<void> {
    if (this.busy || !this.waiting) {
      return;
    }
    clearTimeout(this.again);
    const mix = this.waiting;
    const { edits, loads } = this;
    this.waiting = null;
    this.busy = true;
    this.state.value = "saving";
    try {
      const { revision } = await this.put({ revision: this.revision, mix });
      this.revision = Math.max(this.revision, revision);
      if (!this.waiting && edits === this.edits) {
        this.done();
      }
    } catch (reason) {
      // What was loaded meanwhile stands in place of what was refused.
      if (loads === this.loads) {
        this.waiting ??= mix;
        this.failed(reason);
      }
    } finally {
      this.busy = false;
    }
    if (this.waiting && this.state.peek() === "saving") {
      await this.next();
    } else {
      this.onSettled();
    }
  }

  private failed(reason: unknown): void {
    this.problem.value = messageOf(reason);
    if (reason instanceof ApiError && reason.status === 409) {
      this.state.value = "conflict";
    } else {
      this.state.value = reason instanceof ServerAway ? "away" : "refused";
    }
    if (this.state.peek() === "away" && !this.closed) {
      this.again = setTimeout(() => this.retry(), AGAIN_AFTER_MS);
    }
  }

  private done(): void {
    clearTimeout(this.keeping);
    clearTimeout(this.again);
    this.problem.value = "";
    this.state.value = "saved";
    remember(keyOf(this.id), null);
  }

  private keep(mix: MixDocument): void {
    clearTimeout(this.keeping);
    const kept: Kept = { revision: this.revision, mix, at: new Date().toISOString() };
    remember(keyOf(this.id), JSON.stringify(kept));
  }
}

/** What was not saved when the page was left, if anything. */
export function keptOf(id: string): Kept | null {
  try {
    const kept: unknown = JSON.parse(remembered(keyOf(id)) ?? "null");
    return isKept(kept) ? kept : null;
  } catch {
    return null;
  }
}

export function forgetKept(id: string): void {
  remember(keyOf(id), null);
}

function isKept(kept: unknown): kept is Kept {
  const { mix, revision, at } = (kept ?? {}) as Partial<Kept>;
  return Array.isArray(mix?.tracks) && typeof revision === "number" && typeof at === "string";
}

function keyOf(id: string): string {
  return `unsaved.${id}`;
}
