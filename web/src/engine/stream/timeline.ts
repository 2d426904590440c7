/** Which frames of a stream are heard when: the song with its loop, and streams that run along with it. */

/** Frames of audio that are fetched and kept together. */
export const BLOCK_FRAMES = 16_384;

/** A stream of audio, as it lies along the song. */
export interface Lane {
  frames: number;
  /** The frame of this stream that is heard at frame 0 of the song; negative: it begins later. */
  offset: number;
  repeats: boolean;
}

/** Where the song is, and where it goes from there: from the second frame of the loop to its first. */
export interface Playhead {
  frame: number;
  loop: readonly [number, number] | null;
}

/** The frame of a stream at a frame of the song; outside 0 ... frames - 1 it is silent. */
export function frameOf(lane: Lane, songFrame: number): number {
  const frame = songFrame + lane.offset;
  return lane.repeats && lane.frames > 0 ? ((frame % lane.frames) + lane.frames) % lane.frames : frame;
}

/** Frames from a frame of a stream to the end of its block, or of the stream, or to its beginning: played in one go. */
export function runOf(lane: Lane, frame: number): number {
  if (frame < 0) {
    return -frame;
  }
  if (frame >= lane.frames) {
    return Number.POSITIVE_INFINITY;
  }
  return Math.min(lane.frames, (Math.floor(frame / BLOCK_FRAMES) + 1) * BLOCK_FRAMES) - frame;
}

/**
 * Blocks of a stream that are heard next, in the order in which they are needed, each once; then those at the start of
 * the loop, which a jump there needs at once.
 *
 * @param ahead frames to look ahead.
 */
export function wantedBlocks(lane: Lane, head: Playhead, songFrames: number, ahead: number): number[] {
  const wanted = new Set<number>();
  let { frame } = head;
  for (let left = ahead; left > 0; ) {
    const loop = head.loop !== null && frame < head.loop[1] ? head.loop : null;
    const end = loop ? loop[1] : songFrames;
    const run = Math.min(left, end - frame);
    if (run <= 0) {
      break;
    }
    addBlocks(wanted, lane, frame, run);
    left -= run;
    frame = loop && frame + run === end ? loop[0] : frame + run;
  }
  if (head.loop) {
    addBlocks(wanted, lane, head.loop[0], BLOCK_FRAMES);
  }
  return [...wanted];
}

function addBlocks(wanted: Set<number>, lane: Lane, songFrame: number, count: number): void {
  for (let done = 0; done < count; ) {
    const frame = frameOf(lane, songFrame + done);
    if (frame >= 0 && frame < lane.frames) {
      wanted.add(Math.floor(frame / BLOCK_FRAMES));
    }
    done += Math.min(runOf(lane, frame), count - done);
  }
}
