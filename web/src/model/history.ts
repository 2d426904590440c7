/** What can be undone: one document per step, newest last. */

import { computed, type ReadonlySignal, signal } from "@preact/signals";

/** Changes with the same gesture are one step: a drag from its press to its release, a turn of the wheel. */
export type Gesture = object;

interface Step<State> {
  before: State;
  after: State;
  what: string;
  gesture: Gesture | null;
}

const MOST_STEPS = 500;

export class History<State> {
  readonly #done = signal<readonly Step<State>[]>([]);
  readonly #undone = signal<readonly Step<State>[]>([]);

  /** What undoing would take back, in words; null when there is nothing. */
  readonly undoes: ReadonlySignal<string | null> = computed(() => this.#done.value.at(-1)?.what ?? null);
  readonly redoes: ReadonlySignal<string | null> = computed(() => this.#undone.value.at(-1)?.what ?? null);

  add(before: State, after: State, what: string, gesture: Gesture | null): void {
    const done = this.#done.peek();
    const last = done.at(-1);
    if (last && gesture && last.gesture === gesture) {
      this.#done.value = [...done.slice(0, -1), { ...last, after }];
    } else {
      this.#done.value = [...done.slice(1 - MOST_STEPS), { before, after, what, gesture }];
    }
    this.#undone.value = [];
  }

  /** The state before the newest step, or null. */
  undo(): State | null {
    const step = this.#done.peek().at(-1);
    if (!step) {
      return null;
    }
    this.#done.value = this.#done.peek().slice(0, -1);
    this.#undone.value = [...this.#undone.peek(), { ...step, gesture: null }];
    return step.before;
  }

  /** The state after the step that was undone last, or null. */
  redo(): State | null {
    const step = this.#undone.peek().at(-1);
    if (!step) {
      return null;
    }
    this.#undone.value = this.#undone.peek().slice(0, -1);
    this.#done.value = [...this.#done.peek(), step];
    return step.after;
  }
}
