/**
 * The playhead in the audio thread: puts the frames that are heard now into rows, and fades over 5 ms wherever the sound
 * would otherwise jump. A head that is left fades out while the next one fades in.
 */

import { MOST_FRAMES } from "../dsp/strip";
import { BLOCK_FRAMES, frameOf, type Lane, type Playhead, runOf } from "./timeline";

export const FADE_S = 0.005;

/** A stream in the audio thread: the blocks that have arrived, and the rows that they are played into. */
export class Track {
  /** Blocks by number, planar [rows, frames]. */
  blocks = new Map<number, Float32Array>();

  constructor(
    readonly lane: Lane,
    readonly rows: readonly Float64Array[],
  ) {}

  /** Goes over to another stream. @returns the blocks of the old one. */
  replace(frames: number, blocks: Map<number, Float32Array>): Map<number, Float32Array> {
    const old = this.blocks;
    this.lane.frames = frames;
    this.blocks = blocks;
    return old;
  }

  /** Whether the frames that belong to these of the song are there; silence is. */
  has(songFrame: number, count: number): boolean {
    for (let done = 0; done < count; ) {
      const frame = frameOf(this.lane, songFrame + done);
      const sounds = frame >= 0 && frame < this.lane.frames;
      if (sounds && !this.blocks.has(Math.floor(frame / BLOCK_FRAMES))) {
        return false;
      }
      done += Math.min(runOf(this.lane, frame), count - done);
    }
    return true;
  }

  /** Adds frames to the rows from `at` on, at a level that moves from sample to sample within 0 ... 1. */
  add(songFrame: number, at: number, count: number, level: number, step: number): void {
    for (let done = 0; done < count; ) {
      const frame = frameOf(this.lane, songFrame + done);
      const run = Math.min(runOf(this.lane, frame), count - done);
      const index = Math.floor(frame / BLOCK_FRAMES);
      const block = this.blocks.get(index);
      if (block && frame >= 0 && frame < this.lane.frames) {
        this.addRun(block, frame - index * BLOCK_FRAMES, at + done, run, level + step * done, step);
      }
      done += run;
    }
  }

  private addRun(block: Float32Array, from: number, at: number, count: number, level: number, step: number): void {
    const frames = block.length / this.rows.length;
    const still = level >= 1 && step >= 0;
    for (let r = 0; r < this.rows.length; r++) {
      const row = this.rows[r];
      const first = r * frames + from;
      if (still) {
        for (let n = 0; n < count; n++) {
          row[at + n] += block[first + n];
        }
      } else {
        for (let n = 0; n < count; n++) {
          row[at + n] += block[first + n] * Math.min(1, Math.max(0, level + step * (n + 1)));
        }
      }
    }
  }
}

export class Player {
  playing = false;
  /** Whether audio that is needed has not come. */
  waiting = true;
  /** Times that it did not come in time. */
  dropouts = 0;
  frame = 0;
  /** What must be there to play on: the song, and what is heard. */
  needed: Track[];
  private loopAt: readonly [number, number] | null = null;
  private level = 0;
  private left = 0;
  private leftLevel = 0;
  /** Changes of streams, made once what was heard has faded out. */
  private changes: (() => void)[] = [];
  private readonly fade: number;

  /**
   * @param tracks all streams, the song first.
   * @param songFrames length of the song.
   */
  constructor(
    private readonly tracks: readonly Track[],
    private readonly songFrames: number,
    sampleRate: number,
  ) {
    this.fade = Math.round(FADE_S * sampleRate);
    this.needed = [tracks[0]];
  }

  /** Where to go on from, and where to jump: early by the fade, so that the first beat of the loop is heard whole. */
  get head(): Playhead {
    return { frame: this.frame, loop: this.loopAt };
  }

  /** The frame that counts as the next one: while the start of the loop fades in, that start. */
  get next(): number {
    const { frame, loopAt, fade } = this;
    return loopAt !== null && frame >= loopAt[0] ? Math.max(frame, loopAt[0] + fade) : frame;
  }

  play(): void {
    if (!this.playing) {
      this.playing = true;
      this.waiting = true;
    }
  }

  pause(): void {
    this.leave();
    this.playing = false;
  }

  seek(frame: number): void {
    this.leave();
    this.frame = Math.max(0, Math.min(frame, this.songFrames));
    this.waiting = true;
  }

  loop(range: readonly [number, number] | null): void {
    const long = range !== null && range[1] - range[0] > 2 * this.fade;
    this.loopAt = long ? [range[0] - this.fade, range[1] - this.fade] : null;
  }

  /** Changes a stream, by its place, such as where it lies along the song: while it is heard, between two fades. */
  change(place: number, apply: (track: Track) => void): void {
    const track = this.tracks[place];
    this.changes.push(() => apply(track));
    if (this.playing && this.needed.includes(track)) {
      this.leave();
      this.waiting = true;
    } else {
      this.makeChanges();
    }
  }

  /** Fills the rows of all tracks with the next `count` samples. */
  render(count: number): void {
    for (const track of this.tracks) {
      for (const row of track.rows) {
        row.fill(0);
      }
    }
    if (this.playing) {
      this.prepare(count);
    }
    this.addLeft(count, count);
    if (this.leftLevel === 0) {
      this.makeChanges();
    }
    if (this.playing && !this.waiting) {
      this.renderHead(count);
    }
  }

  private makeChanges(): void {
    while (this.changes.length > 0) {
      this.changes.shift()?.();
    }
  }

  /** Lets the head be faded out where it is. */
  private leave(): void {
    if (this.level > 0) {
      this.left = this.frame;
      this.leftLevel = this.level;
    }
    this.level = 0;
  }

  /** Begins to wait, before the audio runs out, or ends to. */
  private prepare(count: number): void {
    const there = this.changes.length === 0 && this.isThere(count + this.fade);
    if (this.waiting && there) {
      this.waiting = false;
      this.level = this.frame === 0 && this.leftLevel === 0 ? 1 : 0;
    } else if (!this.waiting && !there) {
      this.leave();
      this.frame += Math.min(this.fade, this.end - this.frame);
      this.waiting = true;
      this.dropouts += 1;
    }
  }

  private isThere(count: number): boolean {
    const needed = Math.min(count, this.end - this.frame);
    for (const track of this.needed) {
      if (!track.has(this.frame, needed)) {
        return false;
      }
    }
    return true;
  }

  /** Where the head jumps or stops. */
  private get end(): number {
    return this.loops ? (this.loopAt as [number, number])[1] : this.songFrames;
  }

  private get loops(): boolean {
    return this.loopAt !== null && this.frame < this.loopAt[1];
  }

  private renderHead(count: number): void {
    for (let done = 0; done < count && this.playing; ) {
      const run = Math.min(count - done, this.end - this.frame);
      this.add(this.frame, done, run, this.level, 1 / this.fade);
      this.level = Math.min(1, this.level + run / this.fade);
      done += run;
      this.advance(run, count - done);
    }
  }

  private advance(run: number, rest: number): void {
    const jumps = this.loops && this.frame + run === this.end;
    this.frame += run;
    if (jumps) {
      this.leave();
      this.frame = (this.loopAt as [number, number])[0];
      this.addLeft(MOST_FRAMES, rest);
    } else if (this.frame >= this.songFrames) {
      this.playing = false;
      this.level = 0;
    }
  }

  /** Fades out the head that was left, over the last `count` of `block` samples. */
  private addLeft(block: number, count: number): void {
    if (this.leftLevel > 0) {
      this.add(this.left, block - count, count, this.leftLevel, -1 / this.fade);
      this.left += count;
      this.leftLevel = Math.max(0, this.leftLevel - count / this.fade);
    }
  }

  private add(frame: number, at: number, count: number, level: number, step: number): void {
    for (const track of this.tracks) {
      track.add(frame, at, count, level, step);
    }
  }
}
