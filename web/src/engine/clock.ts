/** Where the song is now, as it is heard: between two reports of the audio thread, and behind all that delays it. */

export interface Sighting {
  /** Frame of the song that comes next ... */
  frame: number;
  /** ... at this frame of the context. */
  at: number;
  moving: boolean;
  /** Where it set out from, before which nothing is heard; null once it has jumped back to the start of the loop. */
  began: number | null;
}

/** A song that rests at a frame. */
export function atRest(frame: number): Sighting {
  return { frame, at: 0, moving: false, began: frame };
}

/**
 * The frame of the song that is heard when the context has come to `contextFrame`.
 *
 * @param delay frames from the console to the ear: limiter and output.
 * @param loop start and end, in frames.
 * @param songFrames length of the song.
 */
export function heardFrame(
  sighting: Sighting,
  contextFrame: number,
  delay: number,
  loop: readonly [number, number] | null,
  songFrames: number,
): number {
  const { frame, at, moving, began } = sighting;
  const heard = moving ? frame + (contextFrame - at) - delay : frame;
  const placed = loop && moving ? wrapped(heard, sighting, loop) : heard;
  return Math.max(began ?? 0, Math.min(songFrames, placed));
}

/** A frame behind the end of the loop has jumped; one before its start is heard at its end, if it came from there. */
function wrapped(heard: number, { frame, began }: Sighting, [start, end]: readonly [number, number]): number {
  if (frame < start || frame > end) {
    return heard;
  }
  if (heard >= end) {
    return start + ((heard - start) % (end - start));
  }
  return heard < start && began === null ? Math.max(start, end - (start - heard)) : heard;
}
