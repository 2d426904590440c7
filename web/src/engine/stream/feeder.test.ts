// @vitest-environment node

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FromFeeder } from "../messages";
import type { StreamInfo } from "../types";
import { aheadFrames, Feeder, type FetchAudio } from "./feeder";
import { BLOCK_FRAMES, type Playhead } from "./timeline";

const SAMPLE_RATE = 48_000;
const HOUR: StreamInfo = { url: "/song", rows: 1, frames: 3600 * SAMPLE_RATE };
const AHEAD = 5 * BLOCK_FRAMES;

/** What the console holds: blocks by number. */
let held: Set<number>;
let most: number;
let troubles: (string | null)[];
let failing: boolean;
let asked: number[];

function fetchAudio(_: StreamInfo, start: number): Promise<Float32Array> {
  asked.push(start / BLOCK_FRAMES);
  return failing ? Promise.reject(new Error("the server cannot be reached")) : Promise.resolve(new Float32Array(1));
}

function send(message: FromFeeder): void {
  if (message.type === "block") {
    held.add(message.index);
  } else if (message.type === "stream") {
    held.clear();
  } else {
    for (const index of message.indexes) {
      held.delete(index);
    }
  }
  most = Math.max(most, held.size);
}

const tell = (message: string | null) => troubles.push(message);

function newFeeder(fetch: FetchAudio = fetchAudio): Feeder {
  return new Feeder([HOUR, null, null], AHEAD, fetch, send, tell);
}

async function progress(feeder: Feeder, head: Playhead): Promise<void> {
  feeder.take({ type: "progress", head, offset: 0 });
  await vi.advanceTimersByTimeAsync(100);
}

beforeEach(() => {
  vi.useFakeTimers();
  held = new Set();
  most = 0;
  troubles = [];
  failing = false;
  asked = [];
});

afterEach(() => {
  vi.useRealTimers();
});

test("what is kept ahead fits into 64 MB for a large song, and is at most 6 s of a small one", () => {
  expect(aheadFrames(2, SAMPLE_RATE)).toBe(6 * SAMPLE_RATE);
  expect(4 * 68 * aheadFrames(68, SAMPLE_RATE)).toBeCloseTo(64e6, -3);
  expect(aheadFrames(1000, 192_000)).toBe(2 * 192_000);
});

test("a song of an hour is played to its end with a few seconds of it in memory", async () => {
  const feeder = newFeeder();
  for (let frame = 0; frame < HOUR.frames; frame += BLOCK_FRAMES / 2) {
    await progress(feeder, { frame, loop: null });
    expect(held.has(Math.floor(frame / BLOCK_FRAMES))).toBe(true);
  }
  expect(most).toBeLessThanOrEqual(AHEAD / BLOCK_FRAMES + 2);
  expect(asked.length).toBe(Math.ceil(HOUR.frames / BLOCK_FRAMES));
});

test("a seek gives up what is on its way, fetches what is needed now, and drops the rest", async () => {
  const aborted: number[] = [];
  const never = (_: StreamInfo, start: number, __: number, signal: AbortSignal) =>
    new Promise<Float32Array>(() => {
      asked.push(start / BLOCK_FRAMES);
      signal.addEventListener("abort", () => aborted.push(start / BLOCK_FRAMES));
    });
  const feeder = newFeeder(never);
  await progress(feeder, { frame: 0, loop: null });
  await progress(feeder, { frame: 1000 * BLOCK_FRAMES, loop: null });
  expect(aborted).toEqual([0, 1, 2]);
  expect(asked).toEqual([0, 1, 2, 1000, 1001, 1002]);
});

test("a loop is fetched once", async () => {
  const feeder = newFeeder();
  const loop = [BLOCK_FRAMES, 3 * BLOCK_FRAMES] as const;
  for (let turn = 0; turn < 20; turn++) {
    await progress(feeder, { frame: BLOCK_FRAMES * (1 + (turn % 2)), loop });
  }
  expect(asked).toEqual([1, 2]);
});

describe("another stream on a lane", () => {
  test("is fetched in place of the old one, whose blocks never arrive", async () => {
    const answers: (() => void)[] = [];
    const slow: FetchAudio = (stream, start) =>
      new Promise((resolve) => answers.push(() => resolve(new Float32Array([stream.frames, start / BLOCK_FRAMES]))));
    const sent: FromFeeder[] = [];
    const old = { ...HOUR, url: "/before" };
    const feeder = new Feeder([HOUR, old, null], AHEAD, slow, (message) => sent.push(message), tell);
    await progress(feeder, { frame: 0, loop: null });
    feeder.replace(1, { ...old, frames: 7 * BLOCK_FRAMES });
    for (let round = 0; round < 12; round++) {
      answers.splice(0).forEach((answer) => {
        answer();
      });
      await vi.advanceTimersByTimeAsync(10);
    }
    const ofLane = sent.filter((message) => message.lane === 1);
    expect(ofLane[0]).toEqual({ type: "stream", lane: 1, frames: 7 * BLOCK_FRAMES });
    const blocks = ofLane.flatMap((message) => (message.type === "block" ? [...message.audio] : []));
    expect(blocks).toEqual([0, 1, 2, 3, 4].flatMap((index) => [7 * BLOCK_FRAMES, index]));
  });

  test("that is none is silent, and its failures are over", async () => {
    const onlySong: FetchAudio = ({ url }, start) =>
      url === HOUR.url ? fetchAudio(HOUR, start) : Promise.reject(new Error("gone"));
    const feeder = new Feeder([HOUR, { ...HOUR, url: "/before" }, null], AHEAD, onlySong, send, tell);
    await progress(feeder, { frame: 0, loop: null });
    expect(troubles.at(-1)).toBe("gone");
    feeder.replace(1, null);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(troubles.at(-1)).toBe(null);
  });
});

describe("when the server fails", () => {
  test("the page is told why, and told again when all is well", async () => {
    failing = true;
    const feeder = newFeeder();
    await progress(feeder, { frame: 0, loop: null });
    expect(troubles).toContain("the server cannot be reached");
    failing = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(troubles.at(-1)).toBe(null);
    expect(held.size).toBe(5);
  });

  test("it is asked again, more and more rarely", async () => {
    failing = true;
    await progress(newFeeder(), { frame: 0, loop: null });
    await vi.advanceTimersByTimeAsync(60_000);
    const soon = asked.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked.length - soon).toBeLessThanOrEqual(3 * 15);
    expect(asked.length - soon).toBeGreaterThan(10);
  });

  test("one failure is one, however many fetches were under way", async () => {
    failing = true;
    await progress(newFeeder(), { frame: 0, loop: null });
    failing = false;
    await vi.advanceTimersByTimeAsync(300);
    expect(held.size).toBe(5);
  });

  test("one stream may fail while another is played", async () => {
    const onlySong: FetchAudio = ({ url }, start) =>
      url === HOUR.url ? fetchAudio(HOUR, start) : Promise.reject(new Error("gone"));
    const feeder = new Feeder([HOUR, { ...HOUR, url: "/before" }, null], AHEAD, onlySong, send, tell);
    for (let frame = 0; frame < 100 * BLOCK_FRAMES; frame += BLOCK_FRAMES) {
      await progress(feeder, { frame, loop: null });
      expect(held.has(frame / BLOCK_FRAMES)).toBe(true);
    }
    expect(troubles.every((trouble) => trouble === "gone")).toBe(true);
  });
});
