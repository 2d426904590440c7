// @vitest-environment node
import { expect, test } from "vitest";
import { layouts } from "../../test/desk-fixtures";
import expectedLocks from "../../test/fixtures/locks.json";
import { Console } from "./declarations";
import { lockedControls, matchingControls, patternsOf, withLock } from "./locks";
import type { SectionName } from "./types";

const cases = layouts.flatMap((layout) =>
  Object.entries(expectedLocks[layout.name] as Record<string, { controls: string[]; patterns: string[] }>).map(
    ([name, expected]) => {
      const [section, pattern] = name.split(": ");
      return { section: new Console(layout)[section as SectionName], pattern, ...expected };
    },
  ),
);

test("patterns name the same controls as in the Python package", () => {
  expect(cases.length).toBe(90);
  for (const { section, pattern, controls } of cases) {
    expect(matchingControls(section, pattern), pattern).toEqual(controls);
  }
});

test("the shortest patterns are the same as in the Python package", () => {
  for (const { section, controls, patterns } of cases) {
    expect(patternsOf(section, new Set(controls))).toEqual(patterns);
  }
});

const track = new Console(layouts[0]).track;

test("one control set free leaves the rest of what was locked", () => {
  const patterns = withLock(track, ["*"], "compressor.ratio", false);
  const locked = lockedControls(track, patterns);
  expect(locked.size).toBe(track.params.size - 1);
  expect(locked.has("compressor.ratio")).toBe(false);
  expect(patterns).toContain("eq.*");
});

test("the last control that is locked makes a pattern of the whole effect", () => {
  const names = track.effect("compressor")?.params.map((param) => param.name) ?? [];
  const patterns = names.reduce<string[]>((found, name) => withLock(track, found, name, true), []);
  expect(patterns).toEqual(["compressor.*"]);
});
