// @vitest-environment node

import { expect, test } from "vitest";
import { atRest, heardFrame, type Sighting } from "./clock";

const DELAY = 1000;
const SONG_FRAMES = 100_000;
const LOOP = [20_000, 30_000] as const;

function heard(
  sighting: Partial<Sighting>,
  contextFrame: number,
  loop: readonly [number, number] | null = null,
): number {
  const whole = { frame: 0, at: 0, moving: true, began: 0, ...sighting };
  return heardFrame(whole, contextFrame, DELAY, loop, SONG_FRAMES);
}

test("what is heard moves on with the context, behind what the console makes", () => {
  expect(heard({ frame: 5000, at: 700 }, 1000)).toBe(5000 + 300 - DELAY);
});

test("a song at rest stays where it is", () => {
  expect(heardFrame(atRest(4000), 1e6, DELAY, null, SONG_FRAMES)).toBe(4000);
});

test("nothing is heard before the place that was sought, nor behind the end", () => {
  expect(heard({ frame: 50_000, began: 50_000 }, 10)).toBe(50_000);
  expect(heard({ frame: SONG_FRAMES - 10 }, 5000)).toBe(SONG_FRAMES);
});

test("behind the end of a loop comes its start", () => {
  expect(heard({ frame: 29_000, began: 20_000 }, 2500, LOOP)).toBe(20_500);
});

test("when the console has just jumped, the end of the loop is still heard", () => {
  expect(heard({ frame: 20_400, began: null }, 0, LOOP)).toBe(30_000 - 600);
});

test("when the start of the loop was sought, it is what is heard", () => {
  expect(heard({ frame: 20_400, began: 20_000 }, 0, LOOP)).toBe(20_000);
});

test("a loop elsewhere changes nothing", () => {
  expect(heard({ frame: 50_000, began: null }, 0, LOOP)).toBe(50_000 - DELAY);
});
