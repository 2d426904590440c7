import { expect, test } from "vitest";
import { columns, fillingScale, type Outline, scaled } from "./peaks";

const outline: Outline = {
  startS: 0,
  endS: 4,
  low: [-1, -0.5, -0.25, 0],
  high: [1, 0.5, 0.25, 0],
  rms: [0.5, 0.25, 0.125, 0],
};

test("a pixel shows the extremes of all points in it", () => {
  const [low, high, rms] = columns(outline, [0, 4], 2);
  expect([low, high]).toEqual([-1, 1]);
  expect(rms).toBeCloseTo(Math.sqrt((0.5 ** 2 + 0.25 ** 2) / 2));
});

test("zoomed in, a point is many pixels wide", () => {
  const values = columns(outline, [1, 2], 4);
  expect([0, 1, 2, 3].map((x) => values[3 * x + 1])).toEqual([0.5, 0.5, 0.5, 0.5]);
});

test("a quiet song fills its lane, and one click in it does not matter", () => {
  const quiet = { low: Array(1000).fill(-0.01), high: Array(1000).fill(0.01), rms: Array(1000).fill(0) };
  const scale = fillingScale({ startS: 0, endS: 1, ...quiet, high: [1, ...quiet.high.slice(1)] });
  const [, high] = scaled({ startS: 0, endS: 1, ...quiet }, scale).high;
  expect(high).toBeGreaterThan(0.8);
  expect(high).toBeLessThanOrEqual(1);
});
