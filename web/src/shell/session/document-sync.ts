import { effect, signal } from "@preact/signals";
import { api } from "../../api/client";
import { messageOf } from "../../api/http";
import type { SavedMix } from "../../api/types";
import { Desk } from "../../model/desk";
import { withEdits } from "../../model/edits";
import type { MixDocument } from "../../model/types";
import { notify } from "../../ui/toast";
import { isMatched } from "../match/matched";
import type { ServerFacts } from "../server-facts";
import { Autosave, forgetKept, type Kept, keptOf } from "./autosave";
import { keptInWords } from "./kept";

/** Origins of changes that this page, or its user, has asked for: they are taken without a question. */
const ASKED_FOR: Record<string, string> = {
  balance: "balance",
  match: "match",
  rematch: "match",
  restore: "earlier version",
};
/** Those that take what is changed on the desk while they are made. */
const TAKES_EDITS: readonly string[] = ["balance", "match", "rematch"];
const ELSEWHERE = "changes made elsewhere";

export interface SyncListener {
  /** Another document of the server is on the desk. */
  onShown(): void;
  /** The server has what was changed here. */
  onSaved(): void;
}

/** The mix document on the desk and on the server, brought together in both directions. */
export class DocumentSync {
  readonly desk = signal<Desk | null>(null);
  readonly autosave = signal<Autosave | null>(null);
  /** What this browser kept when the page was left before all was saved. */
  readonly kept = signal<Kept | null>(null);
  private remoteRevision = 0;
  /** What the server has, as far as we know: what is changed here is changed of this. */
  private base: MixDocument | null = null;
  private forget: () => void = () => {};
  private closed = false;

  constructor(
    private readonly id: string,
    private readonly facts: () => ServerFacts | null,
    private readonly listener: SyncListener,
  ) {}

  close(): void {
    this.flush();
    this.closed = true;
    this.forget();
    this.autosave.peek()?.close();
  }

  flush(): void {
    this.desk.peek()?.flush();
  }

  /** Sends what waits. @returns whether the server has everything now. */
  async settle(): Promise<boolean> {
    this.flush();
    await this.autosave.peek()?.settled();
    return !this.autosave.peek()?.dirty;
  }

  /** The server has a revision, made by somebody; a job has kept what was changed while it ran. */
  told(revision: number, origin = "", kept: readonly string[] = []): void {
    this.remoteRevision = Math.max(this.remoteRevision, revision);
    const mix = this.desk.peek()?.mix.peek();
    const why = origin === "rematch" && mix && isMatched(mix) ? "match again" : ASKED_FOR[origin];
    if (TAKES_EDITS.includes(origin)) {
      void this.load((saved) => this.showMatch(saved, why, kept));
    } else if (why) {
      void this.load((saved) => this.show(saved, why));
    } else {
      this.catchUp();
    }
  }

  /** Goes on with what this browser kept, or forgets it. */
  useKept(use: boolean): void {
    const kept = this.kept.peek();
    if (kept && use) {
      this.desk.peek()?.replace(kept.mix, "unsaved changes");
    } else {
      forgetKept(this.id);
    }
    this.kept.value = null;
  }

  /** Of two versions that were made at the same time. */
  async resolve(choice: "mine" | "theirs"): Promise<void> {
    try {
      const saved = await api.mix(this.id);
      if (choice === "mine") {
        this.autosave.peek()?.keepMine(saved.revision);
      } else {
        this.show(saved, ELSEWHERE);
      }
    } catch (reason) {
      notify(messageOf(reason), "bad");
    }
  }

  /** Shows what the server has, unless it is here already: answers overtake each other. */
  private async load(show = (saved: SavedMix) => this.show(saved, ELSEWHERE)): Promise<void> {
    const saved = await api.mix(this.id).catch(() => null); // the next connection tells the revision again
    if (saved && !this.closed && saved.revision > (this.autosave.peek()?.revision ?? 0)) {
      show(saved);
    }
  }

  /** Shows what was matched with what was changed meanwhile: the server knows of that but for the last moment. */
  private showMatch(saved: SavedMix, why: string, kept: readonly string[]): void {
    const mix = this.withUnsaved(saved.mix);
    this.show(saved, why, mix);
    if (kept.length > 0 || mix !== saved.mix) {
      notify(keptInWords(kept));
    }
  }

  private withUnsaved(mix: MixDocument): MixDocument {
    const edited = this.autosave.peek()?.dirty && this.desk.peek()?.mix.peek();
    return edited && this.base && sameTracks(edited, mix) ? withEdits(mix, this.base, edited) : mix;
  }

  private catchUp(): void {
    const autosave = this.autosave.peek();
    if (this.remoteRevision > (autosave?.revision ?? 0) && !autosave?.dirty) {
      void this.load();
    }
  }

  /** Puts what the server has on the desk, or a mix made of it that is still to be saved. */
  private show(saved: SavedMix, why: string, mix = saved.mix): void {
    const desk = this.desk.peek();
    const unsaved = mix !== saved.mix;
    this.remoteRevision = Math.max(this.remoteRevision, saved.revision);
    this.base = saved.mix;
    if (desk && sameTracks(desk.mix.peek(), mix)) {
      desk.replace(mix, why, { saved: !unsaved });
      this.autosave.peek()?.loaded(saved.revision);
      if (unsaved) {
        this.autosave.peek()?.edited(mix);
      }
    } else {
      this.begin(saved);
    }
    this.listener.onShown();
  }

  /** A desk of its own for every set of tracks: undo does not bring back files that are gone. */
  private begin(saved: SavedMix): void {
    const facts = this.facts();
    if (!facts) {
      return;
    }
    this.forget();
    this.autosave.peek()?.close();
    const autosave = new Autosave(
      this.id,
      saved.revision,
      (mine) => this.put(mine),
      () => this.catchUp(),
    );
    const { roles, delivery } = facts.about;
    const desk = new Desk(saved.mix, facts.layouts, { roles, delivery, save: (mix) => autosave.save(mix) });
    this.kept.value = this.desk.peek() ? null : usable(keptOf(this.id), saved.mix);
    let shown = saved.mix;
    this.forget = effect(() => {
      const mix = desk.mix.value;
      if (mix !== shown) {
        shown = mix;
        autosave.edited(mix);
      }
    });
    this.autosave.value = autosave;
    this.desk.value = desk;
  }

  private async put(saved: SavedMix): Promise<{ revision: number }> {
    const answer = await api.putMix(this.id, saved);
    if (answer.revision >= (this.autosave.peek()?.revision ?? 0)) {
      this.base = saved.mix; // unless another one has been loaded meanwhile
    }
    this.listener.onSaved();
    return answer;
  }
}

function sameTracks(ours: MixDocument, theirs: MixDocument): boolean {
  const rows = ({ tracks }: MixDocument) => tracks.map(({ path, channels }) => `${path} ${channels}`).join("\n");
  return ours.layout === theirs.layout && rows(ours) === rows(theirs);
}

/** What was kept, if it differs from what the server has, and is of the same tracks. */
function usable(kept: Kept | null, mix: MixDocument): Kept | null {
  return kept && sameTracks(kept.mix, mix) && JSON.stringify(kept.mix) !== JSON.stringify(mix) ? kept : null;
}
