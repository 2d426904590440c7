// @vitest-environment node
import { expect, test } from "vitest";
import { Levels } from "./levels";

const reading = (left: number, right: number, reductionDb = 0) => ({
  peakDb: [left, right] as const,
  rmsDb: Math.max(left, right) - 10,
  reductionDb,
});

test("peaks rise at once and fall by 24 dB a second", () => {
  const levels = new Levels();
  levels.read(reading(-6, -12), 1000);
  expect(levels.peakDb).toEqual([-6, -12]);
  levels.fall(1500);
  expect(levels.peakDb).toEqual([-18, -24]);
});

test("the held peak stays for a second and a half", () => {
  const levels = new Levels();
  levels.read(reading(-6, -12), 1000);
  levels.fall(2400);
  expect(levels.holdDb).toEqual([-6, -12]);
  levels.fall(4000);
  expect(levels.holdDb[0]).toBeLessThan(-30);
});

test("the highest level is remembered until it is cleared", () => {
  const levels = new Levels();
  levels.read(reading(0.4, -3), 0);
  levels.read(reading(-20, -20), 5000);
  expect(levels.highestDb).toBe(0.4);
  levels.clear();
  levels.read(reading(-20, -21), 5033);
  expect(levels.highestDb).toBe(-20);
});

test("silence comes to rest, so that nothing has to be drawn", () => {
  const levels = new Levels();
  levels.read(reading(-1, -1, 6), 0);
  expect(levels.moving).toBe(true);
  levels.read(reading(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY), 8000);
  levels.fall(16_000);
  expect(levels.moving).toBe(false);
});

test("clocks that run a little backwards let nothing fall", () => {
  const levels = new Levels();
  levels.read(reading(-6, -6), 1000);
  levels.fall(990);
  levels.fall(1000);
  expect(levels.peakDb).toEqual([-6, -6]);
});

test("gain reduction counts the same whatever its sign", () => {
  const levels = new Levels();
  levels.read(reading(-6, -6, -4.5), 0);
  expect(levels.reductionDb).toBe(4.5);
});
