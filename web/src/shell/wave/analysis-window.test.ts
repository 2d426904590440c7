import { expect, test } from "vitest";
import { LONGEST_WINDOW_S, movedWindow, SHORTEST_WINDOW_S, usualWindow } from "./analysis-window";

const durations = { song: 180, reference: 100 };
const window = { start_s: 60, reference_start_s: 40, seconds: 12 };

test("a first window is in the middle of both songs", () => {
  expect(usualWindow(180, 100)).toEqual({ start_s: 84, reference_start_s: 44, seconds: 12 });
});

test("a first window is as long as the shorter song", () => {
  expect(usualWindow(180, 5)).toEqual({ start_s: 87.5, reference_start_s: 0, seconds: 5 });
});

test("moved as a whole it stays within its song, and where it was in the other", () => {
  expect(movedWindow(window, "song", "whole", 1000, durations)).toEqual({ ...window, start_s: 168 });
  expect(movedWindow(window, "reference", "whole", -5, durations)).toEqual({ ...window, reference_start_s: 0 });
});

test("an end makes it longer on both, as far as the other song goes", () => {
  const late = { ...window, reference_start_s: 80 };
  expect(movedWindow(late, "song", "end", 90, durations).seconds).toBe(20);
  expect(movedWindow(window, "song", "end", 175, durations).seconds).toBe(LONGEST_WINDOW_S);
  expect(movedWindow(window, "song", "end", 0, durations).seconds).toBe(SHORTEST_WINDOW_S);
});

test("its beginning moves while its end stays", () => {
  expect(movedWindow(window, "song", "start", 50, durations)).toEqual({ ...window, start_s: 50, seconds: 22 });
  expect(movedWindow(window, "song", "start", 100, durations)).toEqual({ ...window, start_s: 71, seconds: 1 });
});
