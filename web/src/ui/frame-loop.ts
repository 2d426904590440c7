/** One animation frame for everything that moves, which rests while nothing does. */

/** Draws; true while there is more to come. */
export type Painter = (nowMs: number) => boolean;

class FrameLoop {
  readonly #painters = new Set<Painter>();
  #request = 0;

  /** Takes part from the next frame on; the function that is returned ends it. */
  add(painter: Painter): () => void {
    this.#painters.add(painter);
    this.wake();
    return () => this.#painters.delete(painter);
  }

  /** Draws again, and goes on as long as a painter wants. */
  wake(): void {
    if (!this.#request && this.#painters.size) {
      this.#request = requestAnimationFrame(this.#paint);
    }
  }

  readonly #paint = (nowMs: number) => {
    this.#request = 0;
    let more = false;
    for (const painter of this.#painters) {
      more = painter(nowMs) || more;
    }
    if (more) {
      this.wake();
    }
  };
}

export const frames = new FrameLoop();
