// @vitest-environment node
import { expect, test } from "vitest";
import { layouts } from "../../test/desk-fixtures";
import { Console } from "./declarations";
import { fromPlace, lawOf, toPlace } from "./taper";

const { track, master } = new Console(layouts[0]);
const fader = track.param("fader.gain_db");

test("faders and sends move by the law of levels, bands evenly", () => {
  expect(["fader.gain_db", "send.gain_db", "input.gain_db"].map(lawOf)).toEqual(["level", "level", "level"]);
  expect(["eq.peak_1.gain_db", "compressor.makeup_db", "panner.pan"].map(lawOf)).toEqual(["even", "even", "even"]);
});

test.each([
  [-60, 0],
  [-40, 0.15],
  [-20, 0.38],
  [-10, 0.55],
  [0, 0.75],
  [12, 1],
])("%d dB stands at %d of a fader", (db, place) => {
  expect(Math.abs(toPlace("level", fader, db) - place)).toBeLessThan(0.006);
});

test("a range with as much above as below has 0 dB in the middle", () => {
  expect(toPlace("level", master.param("fader.gain_db"), 0)).toBeCloseTo(0.5, 12);
});

test("every value has its place, to the last digits", () => {
  for (const param of [fader, track.param("send.gain_db"), master.param("fader.gain_db")]) {
    for (let db = param.low; db <= param.high; db += 0.37) {
      expect(fromPlace("level", param, toPlace("level", param, db))).toBeCloseTo(db, 10);
    }
    expect(fromPlace("level", param, 1)).toBe(param.high);
    expect(fromPlace("level", param, 0)).toBe(param.low);
  }
});
