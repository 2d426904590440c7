import { expect, test } from "vitest";
import { FREQUENCY_AXIS, placeOn, steps, timeAxis, valueAt } from "./axis";
import { readAt } from "./line-chart";

test("a place on an axis and back", () => {
  for (const axis of [FREQUENCY_AXIS, steps(-18, 9, 3)]) {
    for (const place of [0, 0.3, 1]) {
      expect(placeOn(axis, valueAt(axis, place))).toBeCloseTo(place);
    }
  }
});

test("times are written at round places", () => {
  expect(timeAxis(185).ticks.map(({ name }) => name)).toEqual(["0:00", "0:30", "1:00", "1:30", "2:00", "2:30", "3:00"]);
});

test("a curve is read between its points, and nowhere else", () => {
  const series = { kind: "after", name: "Mix", x: [10, 20, 30], y: [0, 4, null] } as const;
  expect(readAt(series, 15)).toBe(2);
  expect(readAt(series, 10)).toBe(0);
  expect(readAt(series, 25)).toBeNull();
  expect(readAt(series, 5)).toBeNull();
});
