/** How values move to where they are wanted: along a raised cosine, over some 20 ms, so that nothing clicks. */

export const GLIDE_S = 0.02;

/**
 * Values on their way. `now` holds them at the end of the current block, `before` at its start.
 *
 * Values of a geometric column move evenly in their logarithm, as the ear hears frequencies.
 */
export class Glide {
  readonly now: Float64Array;
  readonly before: Float64Array;
  readonly wanted: Float64Array;
  private readonly from: Float64Array;
  private position = 1;

  constructor(
    values: ArrayLike<number>,
    private readonly samples: number,
    private readonly geometric: readonly boolean[] = [],
  ) {
    this.wanted = Float64Array.from(values);
    this.now = Float64Array.from(values);
    this.before = Float64Array.from(values);
    this.from = Float64Array.from(values);
  }

  /** Whether `now` and `before` differ, or are about to. */
  moving = false;

  /** Sets out for `wanted`, from wherever the values are. */
  start(): void {
    this.from.set(this.now);
    this.position = 0;
    this.moving = true;
  }

  /** Arrives at `wanted` at once. */
  jump(): void {
    this.now.set(this.wanted);
    this.before.set(this.wanted);
    this.position = 1;
    this.moving = false;
  }

  /** Moves on by a block. */
  advance(count: number): void {
    if (!this.moving) {
      return;
    }
    this.before.set(this.now);
    if (this.position >= 1) {
      this.moving = false;
      return;
    }
    this.position = Math.min(1, this.position + count / this.samples);
    if (this.position === 1) {
      this.now.set(this.wanted);
      return;
    }
    const share = 0.5 - 0.5 * Math.cos(Math.PI * this.position);
    for (let k = 0; k < this.now.length; k++) {
      this.now[k] = this.between(k, share);
    }
  }

  private between(k: number, share: number): number {
    const from = this.from[k];
    const to = this.wanted[k];
    if (from === to) {
      return to;
    }
    return this.geometric[k] ? from * (to / from) ** share : from + (to - from) * share;
  }
}
