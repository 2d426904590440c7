// @vitest-environment node
import { expect, test } from "vitest";
import { exampleMix, layouts } from "../../test/desk-fixtures";
import responses from "../../test/fixtures/responses.json";
import { consoleOf } from "../model/declarations";
import { bandsOf, coefficientsOf, frequencies, responseAt } from "./response";

const mix = exampleMix();
const { track } = consoleOf(layouts, mix);

test("the curve that is drawn is that of the Python console", () => {
  for (const [at, { freqs_hz, gains_db }] of responses.entries()) {
    const coefficients = coefficientsOf(bandsOf(track), mix.tracks[at].settings, track.defaults, mix.sample_rate);
    const gains = responseAt(coefficients, mix.sample_rate, freqs_hz);
    for (const [point, db] of gains.entries()) {
      expect(Math.abs(db - gains_db[point])).toBeLessThan(1e-9);
    }
  }
});

test("settings that are left out are at their defaults: a flat curve", () => {
  const coefficients = coefficientsOf(bandsOf(track), {}, track.defaults, 48_000);
  expect(Math.max(...responseAt(coefficients, 48_000, frequencies(20, 20, 20_000)).map(Math.abs))).toBeLessThan(1e-9);
});

test("nothing is drawn from half the sample rate on", () => {
  const coefficients = coefficientsOf(bandsOf(track), {}, track.defaults, 22_050);
  expect(responseAt(coefficients, 22_050, [1000, 11_000, 11_025, 20_000]).length).toBe(2);
});
