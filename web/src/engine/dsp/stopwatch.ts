/** How long the audio thread works: its clock ticks in milliseconds, but right on average. */

export class Stopwatch {
  private begun = 0;
  private totalMs = 0;

  start(): void {
    this.begun = Date.now();
  }

  stop(): void {
    this.totalMs += Date.now() - this.begun;
  }

  /** The time since it was last taken, ms. */
  takeMs(): number {
    const total = this.totalMs;
    this.totalMs = 0;
    return total;
  }
}
