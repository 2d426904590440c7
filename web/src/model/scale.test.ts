// @vitest-environment node
import { expect, test } from "vitest";
import { layouts } from "../../test/desk-fixtures";
import scales from "../../test/fixtures/scales.json";
import { Console } from "./declarations";
import { fromUnit, toUnit } from "./scale";

const PLACES = [0, 0.125, 1 / 3, 0.5, 0.8, 1];
/** Relative: both sides compute in float64, by the same formulae but other libraries. */
const ROUNDING = 1e-12;

const controls = layouts.flatMap((layout) =>
  (["track", "fx", "master"] as const).flatMap((name) =>
    [...new Console(layout)[name].params.values()].map((param) => ({ param, layout: layout.name, section: name })),
  ),
);

test("every control of both layouts is where the Python package has it", () => {
  expect(controls.length).toBeGreaterThan(150);
  for (const { param, layout, section } of controls) {
    const expected = (scales[layout] as Record<string, number[]>)[`${section}: ${param.name}`];
    const found = PLACES.map((place) => fromUnit(param, place));
    for (const [at, value] of found.entries()) {
      const most = Math.max(Math.abs(expected[at]), 1) * ROUNDING;
      expect(Math.abs(value - expected[at]), `${layout} ${param.name}`).toBeLessThan(most);
    }
  }
});

test("a place and its value belong together over the whole range", () => {
  for (const { param } of controls) {
    for (const place of PLACES) {
      expect(toUnit(param, fromUnit(param, place))).toBeCloseTo(place, 9);
    }
  }
});

test("places and values outside of the range are held at its ends", () => {
  for (const { param } of controls) {
    expect(fromUnit(param, -1)).toBe(param.low);
    expect(fromUnit(param, 2)).toBe(param.high);
    expect(toUnit(param, param.high + 1)).toBeCloseTo(1, 12);
  }
});
