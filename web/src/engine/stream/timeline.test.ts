// @vitest-environment node

import { expect, test } from "vitest";
import { BLOCK_FRAMES, frameOf, type Lane, runOf, wantedBlocks } from "./timeline";

const SONG_FRAMES = 10 * BLOCK_FRAMES;
const song: Lane = { frames: SONG_FRAMES, offset: 0, repeats: false };
const before: Lane = { frames: SONG_FRAMES, offset: 0, repeats: false };
const reference: Lane = { frames: 1000, offset: 300, repeats: true };

test("a reference repeats, before the song and behind it", () => {
  expect(frameOf(reference, 0)).toBe(300);
  expect(frameOf(reference, 700)).toBe(0);
  expect(frameOf(reference, 5700)).toBe(0);
  expect(frameOf({ ...reference, offset: -300 }, 0)).toBe(700);
});

test("frames are played in one go up to the end of their block, of the stream, or of the silence before it", () => {
  expect(runOf(song, BLOCK_FRAMES - 1)).toBe(1);
  expect(runOf(song, BLOCK_FRAMES)).toBe(BLOCK_FRAMES);
  expect(runOf(reference, 990)).toBe(10);
  expect(runOf(song, -7)).toBe(7);
  expect(runOf(song, SONG_FRAMES)).toBe(Number.POSITIVE_INFINITY);
});

test("blocks are wanted in the order in which they are heard, as far as one looks ahead", () => {
  const head = { frame: BLOCK_FRAMES + 5, loop: null };
  expect(wantedBlocks(song, head, SONG_FRAMES, 2 * BLOCK_FRAMES)).toEqual([1, 2, 3]);
});

test("nothing is wanted behind the end of the song", () => {
  expect(wantedBlocks(song, { frame: SONG_FRAMES - 10, loop: null }, SONG_FRAMES, 1e6)).toEqual([9]);
  expect(wantedBlocks(song, { frame: SONG_FRAMES, loop: null }, SONG_FRAMES, 1e6)).toEqual([]);
});

test("before the end of a loop its start is wanted, and nothing that follows it", () => {
  const loop = [2 * BLOCK_FRAMES, 4 * BLOCK_FRAMES] as const;
  expect(wantedBlocks(before, { frame: 3 * BLOCK_FRAMES, loop }, SONG_FRAMES, 3 * BLOCK_FRAMES)).toEqual([3, 2]);
});

test("a loop that lies ahead has its start wanted too, for a jump there", () => {
  const loop = [8 * BLOCK_FRAMES, 9 * BLOCK_FRAMES] as const;
  expect(wantedBlocks(song, { frame: 0, loop }, SONG_FRAMES, BLOCK_FRAMES)).toEqual([0, 8]);
});

test("a reference shorter than what is looked ahead is wanted once", () => {
  expect(wantedBlocks(reference, { frame: 0, loop: null }, SONG_FRAMES, 5 * BLOCK_FRAMES)).toEqual([0]);
});
