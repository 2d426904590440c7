import { computed, signal } from "@preact/signals";
import type { DeliveryEvent } from "../../api/types";
import { AfterPause } from "../../model/after-pause";
import { remember, remembered } from "../remembered";
import type { DocumentSync } from "./document-sync";
import type { Playback } from "./playback";

const AFTER_MS = 1200;
const USUAL_CEILING_DBTP = -1;

/** How the mix leaves the master bus: measured by the server over the whole song when the user has paused. */
export class Measuring {
  readonly delivery = signal<DeliveryEvent | null>(null);
  /** Whether what was measured is of another mix than the one on the desk. */
  readonly stale = computed(() => {
    const autosave = this.document.autosave.value;
    return this.delivery.value?.revision !== autosave?.revision || autosave?.state.value !== "saved";
  });
  private readonly paused: AfterPause;

  constructor(
    private readonly id: string,
    private readonly document: DocumentSync,
    private readonly playback: Playback,
    measure: () => void,
  ) {
    this.paused = new AfterPause(AFTER_MS, () => this.stale.peek() && measure());
  }

  close(): void {
    this.paused.forget();
  }

  /** The mix is another one: it is measured unless that is known already. */
  soon(): void {
    this.recall();
    this.paused.soon();
  }

  told(delivery: DeliveryEvent): void {
    remember(this.key, JSON.stringify(delivery));
    this.take(delivery);
  }

  /** A song that is opened again, as it was left, need not be measured again. */
  private recall(): void {
    const text = this.delivery.peek() ? null : remembered(this.key);
    const delivery = text === null ? null : (JSON.parse(text) as DeliveryEvent);
    if (delivery && delivery.revision === this.document.autosave.peek()?.revision) {
      this.take(delivery);
    }
  }

  private take(delivery: DeliveryEvent): void {
    this.delivery.value = delivery;
    const ceiling = this.document.desk.peek()?.mix.peek().render.ceiling_dbtp ?? USUAL_CEILING_DBTP;
    this.playback.measured(delivery, ceiling);
  }

  private get key(): string {
    return `delivery.${this.id}`;
  }
}
