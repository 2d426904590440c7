/** All channel strips: rows of audio in, the buses out. See diffmst/strips.py. */

import type { Controls } from "./columns";
import { MOST_FRAMES, Strip } from "./strip";

const BUSES = 4;

export class TrackStrips {
  readonly strips: Strip[];
  /** Dry left and right, send left and right, of the last block. */
  readonly buses: [Float64Array, Float64Array, Float64Array, Float64Array];

  /**
   * @param controls of the track section.
   * @param values of the controls of every track.
   * @param channels of every track, 1 or 2.
   */
  constructor(
    controls: Controls,
    values: readonly (readonly number[])[],
    channels: readonly number[],
    sampleRate: number,
  ) {
    this.strips = values.map((of, track) => new Strip(controls, of, sampleRate, channels[track]));
    const [a, b, c, d] = Array.from({ length: BUSES }, () => new Float64Array(MOST_FRAMES));
    this.buses = [a, b, c, d];
  }

  /** Where the audio of all tracks is put before `process`, in the order of the rows of the song. */
  get rows(): Float64Array[] {
    return this.strips.flatMap((strip) => (strip.right ? [strip.left, strip.right] : [strip.left]));
  }

  /** Processes the rows in place, and sums them up. */
  process(count: number): void {
    for (const bus of this.buses) {
      bus.fill(0);
    }
    for (const strip of this.strips) {
      strip.process(count);
      strip.mix(this.buses, count);
    }
  }
}
