/** What one strip of a document holds, as signals that move only when it does: a fader is no concern of 59 others. */

import { batch, type Signal, signal } from "@preact/signals";
import { stripOf } from "./document";
import type { Ends, MixDocument, Strip, TrackMix, Values } from "./types";

export class StripSignals {
  readonly settings: Signal<Values>;
  readonly locks: Signal<readonly string[]>;
  readonly ends: Signal<Ends | null>;
  readonly track: Signal<TrackMix | undefined>;

  constructor(
    readonly strip: Strip,
    mix: MixDocument,
  ) {
    const { settings, locks, ends } = stripOf(mix, strip);
    this.settings = signal(settings);
    this.locks = signal<readonly string[]>(locks);
    this.ends = signal(ends);
    this.track = signal(this.#trackOf(mix));
  }

  /** Follows another document; what it shares with the one before stays still. */
  follow(mix: MixDocument): void {
    const { settings, locks, ends } = stripOf(mix, this.strip);
    batch(() => {
      this.settings.value = settings;
      this.locks.value = locks;
      this.ends.value = ends;
      this.track.value = this.#trackOf(mix);
    });
  }

  #trackOf(mix: MixDocument): TrackMix | undefined {
    return typeof this.strip === "number" ? mix.tracks[this.strip] : undefined;
  }
}
