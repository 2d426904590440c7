/** The levels of all strips, as the engine reports them. */

import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Engine, MeterFrame } from "../engine/types";
import type { Strip } from "../model/types";
import { frames } from "../ui/frame-loop";
import { Levels, type Reading } from "../ui/levels";

/** What the master strip tells in figures. */
export interface Loudness {
  momentaryLufs: number;
  shortTermLufs: number;
  limitingDb: number;
}

const QUIET: Loudness = {
  momentaryLufs: Number.NEGATIVE_INFINITY,
  shortTermLufs: Number.NEGATIVE_INFINITY,
  limitingDb: 0,
};
/** Figures that change faster cannot be read. */
const FIGURES_EVERY_MS = 120;

export class MeterBank {
  readonly #strips = new Map<Strip, StripMeter>();
  readonly #loudness = signal<Loudness>(QUIET);
  readonly loudness: ReadonlySignal<Loudness> = this.#loudness;
  /** What was limited since it was last drawn. */
  readonly limiting = new Levels();
  #figuresAtMs = Number.NEGATIVE_INFINITY;

  strip(strip: Strip): StripMeter {
    const known = this.#strips.get(strip) ?? new StripMeter();
    this.#strips.set(strip, known);
    return known;
  }

  /** Follows an engine until the function that is returned is called. */
  follow(engine: Engine): () => void {
    return engine.onMeters((frame) => this.read(frame, performance.now()));
  }

  read(frame: MeterFrame, nowMs: number): void {
    for (const [track, reading] of frame.tracks.entries()) {
      this.strip(track).read(reading, nowMs);
    }
    this.strip("fx").read({ ...frame.fx, reductionDb: 0 }, nowMs);
    this.strip("master").read(frame.master, nowMs);
    this.limiting.read({ ...frame.master, reductionDb: frame.master.limitingDb }, nowMs);
    if (nowMs - this.#figuresAtMs >= FIGURES_EVERY_MS) {
      this.#figuresAtMs = nowMs;
      const { momentaryLufs, shortTermLufs } = frame.master;
      this.#loudness.value = { momentaryLufs, shortTermLufs, limitingDb: this.limiting.reductionDb };
    }
    frames.wake();
  }
}

/** One strip: what its meter draws, its highest level in figures, and what the last seconds were like. */
export class StripMeter {
  readonly levels = new Levels();
  readonly history = new LevelHistory();
  readonly #highestDb: Signal<number> = signal(Number.NEGATIVE_INFINITY);
  /** Since it was cleared, to a tenth of a dB. */
  readonly highestDb: ReadonlySignal<number> = this.#highestDb;

  read(reading: Reading, nowMs: number): void {
    this.levels.read(reading, nowMs);
    this.history.add(Math.max(...reading.peakDb), Math.abs(reading.reductionDb));
    if (this.levels.highestDb > this.#highestDb.peek()) {
      this.#highestDb.value = Math.round(10 * this.levels.highestDb) / 10;
    }
  }

  clear(): void {
    this.levels.clear();
    this.#highestDb.value = Number.NEGATIVE_INFINITY;
    frames.wake();
  }
}

/** Frames that are kept: six seconds. */
const KEPT = 180;

/** The last seconds of peaks and gain reduction, the newest last. */
export class LevelHistory {
  readonly length = KEPT;
  readonly #peakDb = new Float32Array(KEPT).fill(Number.NEGATIVE_INFINITY);
  readonly #reductionDb = new Float32Array(KEPT);
  #next = 0;

  add(peakDb: number, reductionDb: number): void {
    this.#peakDb[this.#next] = peakDb;
    this.#reductionDb[this.#next] = reductionDb;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** Peak `age` frames ago. */
  peakDb(age: number): number {
    return this.#peakDb[this.#at(age)];
  }

  reductionDb(age: number): number {
    return this.#reductionDb[this.#at(age)];
  }

  #at(age: number): number {
    return (this.#next - 1 - age + 2 * KEPT) % KEPT;
  }
}
