// @vitest-environment node

import { beforeEach, describe, expect, test } from "vitest";
import { FADE_S, Player, Track } from "./player";
import { BLOCK_FRAMES } from "./timeline";

const QUANTUM = 128;
const SAMPLE_RATE = 48_000;
const FADE = Math.round(FADE_S * SAMPLE_RATE);
const SONG_FRAMES = 3 * BLOCK_FRAMES + 1000;

let track: Track;
let player: Player;

function newTrack(): Track {
  const lane = { frames: SONG_FRAMES, offset: 0, repeats: false };
  return new Track(lane, [new Float64Array(QUANTUM), new Float64Array(QUANTUM)]);
}

/** Two rows in all blocks, or one: frames as `left` says, and their negatives. */
function bring(left: (frame: number) => number, index?: number): void {
  const indexes = index === undefined ? [0, 1, 2, 3] : [index];
  for (const at of indexes) {
    const start = at * BLOCK_FRAMES;
    const frames = Math.min(BLOCK_FRAMES, SONG_FRAMES - start);
    const rows = [1, -1].flatMap((sign) => Array.from({ length: frames }, (_, n) => sign * left(start + n)));
    track.blocks.set(at, Float32Array.from(rows));
  }
}

/** The next samples of the left row. */
function heard(samples: number): number[] {
  const found: number[] = [];
  for (let done = 0; done < samples; done += QUANTUM) {
    player.render(QUANTUM);
    found.push(...track.rows[0]);
  }
  return found.slice(0, samples);
}

function steps(samples: readonly number[]): number {
  return Math.max(...samples.slice(1).map((sample, n) => Math.abs(sample - samples[n])));
}

beforeEach(() => {
  track = newTrack();
  player = new Player([track], SONG_FRAMES, SAMPLE_RATE);
});

describe("a song", () => {
  test("is played sample by sample from its first to its last, across blocks, then it is silent", () => {
    bring((frame) => frame);
    player.play();
    const found = heard(SONG_FRAMES + 2 * QUANTUM);
    expect(found.slice(0, SONG_FRAMES)).toEqual(Array.from({ length: SONG_FRAMES }, (_, n) => n));
    expect(found.slice(SONG_FRAMES).every((sample) => sample === 0)).toBe(true);
    expect(player).toMatchObject({ playing: false, dropouts: 0, frame: SONG_FRAMES });
  });

  test("shorter than a block of the audio thread is played whole", () => {
    track = new Track({ frames: 50, offset: 0, repeats: false }, track.rows);
    track.blocks.set(0, new Float32Array(100).fill(1));
    player = new Player([track], 50, SAMPLE_RATE);
    player.play();
    expect(heard(QUANTUM).reduce((sum, sample) => sum + sample)).toBe(50);
    expect(player.playing).toBe(false);
  });

  test("reaches all its rows", () => {
    bring((frame) => frame);
    player.play();
    heard(2 * QUANTUM);
    expect([...track.rows[1]]).toEqual(Array.from({ length: QUANTUM }, (_, n) => -QUANTUM - n));
  });
});

describe("a seek", () => {
  test("fades from one place to the other, then plays on exactly from there", () => {
    bring((frame) => (frame < BLOCK_FRAMES ? 1 : -1));
    player.play();
    heard(8 * QUANTUM);
    player.seek(2 * BLOCK_FRAMES);
    const found = heard(4 * QUANTUM);
    expect(steps([1, ...found])).toBeLessThan(2.1 / FADE);
    expect(found.slice(FADE).every((sample) => sample === -1)).toBe(true);
    expect(player.frame).toBe(2 * BLOCK_FRAMES + 4 * QUANTUM);
  });

  test("to audio that has not come waits for it, which is no dropout", () => {
    bring(() => 1, 0);
    player.play();
    heard(QUANTUM);
    player.seek(2 * BLOCK_FRAMES);
    expect(heard(8 * QUANTUM).slice(FADE)).toEqual(new Array(8 * QUANTUM - FADE).fill(0));
    expect(player).toMatchObject({ waiting: true, dropouts: 0, frame: 2 * BLOCK_FRAMES });
    bring(() => 1);
    expect(heard(4 * QUANTUM).at(-1)).toBe(1);
    expect(player.waiting).toBe(false);
  });

  test("is held within the song", () => {
    player.seek(SONG_FRAMES + 5);
    expect(player.frame).toBe(SONG_FRAMES);
    player.seek(-5);
    expect(player.frame).toBe(0);
  });
});

test("a pause fades out, and playing fades in", () => {
  bring(() => 1);
  player.play();
  heard(QUANTUM);
  player.pause();
  const out = heard(4 * QUANTUM);
  expect(steps([1, ...out])).toBeLessThan(1.1 / FADE);
  expect(out.at(-1)).toBe(0);
  player.play();
  const back = heard(4 * QUANTUM);
  expect(steps([0, ...back])).toBeLessThan(1.1 / FADE);
  expect(back.at(-1)).toBe(1);
});

test("audio that does not come in time fades out before it ends, and is one dropout", () => {
  bring(() => 1, 0);
  player.play();
  const found = heard(BLOCK_FRAMES + 4 * QUANTUM);
  expect(steps(found)).toBeLessThan(1.1 / FADE);
  expect(found.at(-1)).toBe(0);
  expect(player).toMatchObject({ dropouts: 1, waiting: true, playing: true });
});

describe("a loop", () => {
  const START = 1000;
  const END = 1000 + 5 * 777;

  test("says that its first frame comes next while that fades in", () => {
    bring(() => 1);
    player.loop([START, END]);
    player.seek(END - 4 * QUANTUM);
    player.play();
    let lowest = Number.POSITIVE_INFINITY;
    for (let quantum = 0; quantum < 20; quantum++) {
      player.render(QUANTUM);
      lowest = Math.min(lowest, player.next);
    }
    expect(lowest).toBe(START);
  });

  test("repeats with exactly its length", () => {
    bring((frame) => Math.sin(frame * frame));
    player.loop([START, END]);
    player.play();
    heard(END);
    const found = heard(4 * (END - START));
    const period = END - START;
    const differences = found.slice(period).map((sample, n) => Math.abs(sample - found[n]));
    expect(Math.max(...differences)).toBeLessThan(1e-12);
  });

  test("has no gap: a steady sound stays steady", () => {
    bring(() => 1);
    player.loop([START, END]);
    player.play();
    const found = heard(6 * END);
    expect(Math.min(...found)).toBeGreaterThan(1 - 1e-9);
    expect(Math.max(...found)).toBeLessThan(1 + 1e-9);
  });

  test("is heard whole from its first sample on", () => {
    bring((frame) => (frame >= START ? 1 : 0));
    player.loop([START, END]);
    player.play();
    heard(END);
    expect(heard(FADE)).toEqual(new Array(FADE).fill(1));
  });

  test("that is left behind is not jumped to", () => {
    bring((frame) => frame);
    player.seek(END + 1);
    player.loop([START, END]);
    player.play();
    heard(4 * QUANTUM);
    expect(player.frame).toBe(END + 1 + 4 * QUANTUM);
  });
});

test("playing goes on without a stream that nobody listens to", () => {
  const silent = newTrack();
  player = new Player([track, silent], SONG_FRAMES, SAMPLE_RATE);
  bring(() => 1);
  player.play();
  expect(heard(4 * QUANTUM).at(-1)).toBe(1);
  player.needed = [silent];
  heard(4 * QUANTUM);
  expect(player.waiting).toBe(true);
});

describe("a reference that is moved along the song", () => {
  let reference: Track;

  beforeEach(() => {
    const lane = { frames: 2000, offset: 0, repeats: true };
    reference = new Track(lane, [new Float64Array(QUANTUM)]);
    reference.blocks.set(
      0,
      Float32Array.from({ length: 2000 }, (_, n) => (n < 1000 ? 1 : -1)),
    );
    player = new Player([track, reference], SONG_FRAMES, SAMPLE_RATE);
    bring(() => 1);
    player.play();
  });

  const realign = (offset: number) =>
    player.change(1, ({ lane }) => {
      lane.offset = offset;
    });

  test("that is another one from now on fades in when its blocks are there, and is no dropout", () => {
    player.needed = [reference];
    player.render(QUANTUM);
    const other = new Map<number, Float32Array>();
    player.change(1, (at) => void at.replace(SONG_FRAMES, other));
    const found = [1];
    for (let block = 0; block < 6; block++) {
      if (block === 4) {
        other.set(0, new Float32Array(2 * BLOCK_FRAMES).fill(-1));
        other.set(1, new Float32Array(2 * BLOCK_FRAMES).fill(-1));
      }
      player.render(QUANTUM);
      found.push(...reference.rows[0]);
    }
    expect(steps(found)).toBeLessThan(1.1 / FADE);
    expect([found[FADE + 1], found.at(-1)]).toEqual([0, -1]);
    expect(player.dropouts).toBe(0);
  });

  test("fades from one place to the other while it is heard", () => {
    player.needed = [reference];
    player.render(QUANTUM);
    realign(1000);
    const found = [1];
    for (let block = 0; block < 6; block++) {
      player.render(QUANTUM);
      found.push(...reference.rows[0]);
    }
    expect(steps(found)).toBeLessThan(1.1 / FADE);
    expect(found.at(-1)).toBe(-1);
    expect(player.dropouts).toBe(0);
  });

  test("leaves the song alone while that is heard", () => {
    player.render(QUANTUM);
    realign(1000);
    expect(heard(3 * QUANTUM)).toEqual(new Array(3 * QUANTUM).fill(1));
    expect(reference.rows[0][0]).toBe(-1);
  });
});
