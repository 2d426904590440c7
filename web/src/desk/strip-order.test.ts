// @vitest-environment node
import { expect, test } from "vitest";
import { placedStrips } from "./strip-order";

const groups = (...names: string[]) => placedStrips(names.map((group) => ({ group })));

test("tracks of a group stand side by side, where the first of them is", () => {
  expect(groups("", "kit", "", "kit", "gtr", "gtr").map(({ track }) => track)).toEqual([0, 1, 3, 2, 4, 5]);
});

test("a group is marked from its first strip to its last", () => {
  const placed = groups("kit", "", "kit");
  expect(placed.map(({ group, first, last }) => [group, first, last])).toEqual([
    ["kit", true, false],
    ["kit", false, true],
    ["", true, true],
  ]);
});

test("a group of one is no group", () => {
  expect(groups("kit", "")[0].group).toBe("");
});
