/** Does something once nothing has asked for it for a while, or at once. */
export class AfterPause {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly pauseMs: number,
    private readonly run: () => void,
  ) {}

  /** Asks for it; the pause begins anew. */
  soon(): void {
    this.forget();
    this.#timer = setTimeout(() => this.now(), this.pauseMs);
  }

  /** Does it at once, if anything has asked for it. */
  now(): void {
    if (this.#timer !== undefined) {
      this.forget();
      this.run();
    }
  }

  /** Nothing asks for it any more. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
