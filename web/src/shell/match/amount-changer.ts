import { signal } from "@preact/signals";
import { api } from "../../api/client";
import { messageOf } from "../../api/http";
import type { Desk } from "../../model/desk";
import type { Amounts } from "../../model/types";
import { notify } from "../../ui/toast";

/** Asks the server for the mix at other amounts, one request at a time and the newest wish next; one undo step. */
export class AmountChanger {
  /** What stayed since it was changed by hand. */
  readonly kept = signal<readonly string[]>([]);
  private wanted: Partial<Amounts> | null = null;
  private running: Promise<void> | null = null;
  private gesture: object | null = null;

  constructor(
    private readonly id: string,
    private readonly desk: Desk,
  ) {}

  move(amounts: Partial<Amounts>): void {
    this.gesture ??= {};
    this.wanted = { ...this.wanted, ...amounts };
    this.running ??= this.work(this.gesture).finally(() => {
      this.running = null;
    });
  }

  /** The slider was let go. Resolves when the last wish is on the desk. */
  async done(): Promise<void> {
    await this.running;
    this.gesture = null;
  }

  private async work(gesture: object): Promise<void> {
    while (this.wanted) {
      const wanted = this.wanted;
      this.wanted = null;
      const before = this.desk.mix.peek();
      try {
        const { mix, kept } = await api.adjust(this.id, { ...before.amounts, ...wanted }, before);
        if (this.desk.mix.peek() === before) {
          this.desk.replace(mix, "amount", { gesture });
          this.kept.value = kept;
        } else {
          this.renew(wanted); // something was changed meanwhile: once more, from there
        }
      } catch (reason) {
        notify(messageOf(reason), "bad");
      }
    }
  }

  private renew(amounts: Partial<Amounts>): void {
    this.wanted = { ...amounts, ...this.wanted };
  }
}
