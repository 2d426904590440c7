import { expect, test } from "vitest";
import { scrolled, ticks, zoomed } from "./view-range";

test("what is under the pointer stays there while it zooms", () => {
  const [from, to] = zoomed([0, 100], 100, 0.5, 20);
  expect(to - from).toBe(50);
  expect((20 - from) / (to - from)).toBeCloseTo(0.2);
});

test("nothing beyond the song is shown", () => {
  expect(zoomed([40, 60], 100, 100, 50)).toEqual([0, 100]);
  expect(scrolled([80, 100], 100, 30)).toEqual([80, 100]);
  expect(scrolled([10, 30], 100, -30)).toEqual([0, 20]);
});

test("it zooms to a second at most", () => {
  const [from, to] = zoomed([0, 100], 100, 1e-6, 50);
  expect(to - from).toBe(1);
});

test("times are round and apart", () => {
  expect(ticks([0, 30], 800)).toEqual([0, 5, 10, 15, 20, 25, 30]);
  expect(ticks([7, 9], 800).map((at) => at.toFixed(1))).toContain("8.2");
});
