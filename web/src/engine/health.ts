/** How the console is doing: its load, and whether audio came in time. */

import type { Work } from "./messages";

const SMOOTHING = 0.1;

/** Chromium counts what other browsers do not tell. */
interface PlaybackStats {
  underrunEvents?: number;
  fallbackFramesEvents?: number;
}

/** Share of the time that work needs, over the last second or so. */
export class Load {
  private share: number | null = null;

  add({ busyMs, audioMs }: Work): void {
    if (audioMs > 0) {
      const now = busyMs / audioMs;
      this.share = this.share === null ? now : this.share + SMOOTHING * (now - this.share);
    }
  }

  get value(): number | null {
    return this.share;
  }
}

/** Two shares together, if both are known. */
export function total(first: number | null, second: number | null): number | null {
  return first === null || second === null ? null : first + second;
}

/** Times that the browser had nothing to give to the sound card; 0 where it does not tell. */
export function underruns(context: AudioContext): number {
  const stats = (context as { playbackStats?: PlaybackStats }).playbackStats;
  return stats?.underrunEvents ?? stats?.fallbackFramesEvents ?? 0;
}
