// @vitest-environment node
import { expect, test } from "vitest";
import { layouts } from "../../test/desk-fixtures";
import { Console } from "./declarations";
import { formatBare, formatValue, parseValue } from "./values";

const { track, fx, master } = new Console(layouts[0]);

test.each([
  ["fader.gain_db", -3.2, "-3.2 dB"],
  ["fader.gain_db", 2, "+2.0 dB"],
  ["fader.gain_db", -0.04, "0.0 dB"],
  ["fader.gain_db", 0.04, "0.0 dB"],
  ["send.gain_db", -80, "off"],
  ["eq.peak_1.freq_hz", 97.8, "97.8 Hz"],
  ["eq.peak_1.freq_hz", 181.4, "181 Hz"],
  ["eq.peak_4.freq_hz", 1250, "1.25 kHz"],
  ["eq.peak_4.freq_hz", 12_500, "12.5 kHz"],
  ["eq.peak_1.q", 0.7, "0.70"],
  ["compressor.ratio", 2.5, "2.50 : 1"],
  ["compressor.knee_db", 6, "6.0 dB"],
  ["compressor.makeup_db", 3, "+3.0 dB"],
  ["compressor.attack_ms", 0.25, "0.25 ms"],
  ["compressor.attack_ms", 12, "12.0 ms"],
  ["compressor.release_ms", 1500, "1.50 s"],
  ["panner.pan", -0.3, "30 L"],
  ["panner.pan", 1, "100 R"],
  ["panner.pan", 0.001, "centre"],
])("%s at %d reads %s", (control, value, text) => {
  expect(formatValue(track.param(control), value)).toBe(text);
});

test("beside a scale values go without their unit", () => {
  expect(formatBare(fx.param("reverb.1khz.rt60_s"), 0.911)).toBe("0.91");
  expect(formatBare(fx.param("reverb.1khz.gain_db"), 2)).toBe("+2.0");
});

test("where no loudness is aimed at, the target is off; a low ceiling is a ceiling", () => {
  const about = { unit: "LUFS", low: -70, high: 0, default: -14, scale: "linear", about: "" } as const;
  expect(formatValue({ name: "render.loudness_lufs", ...about }, -70)).toBe("off");
  expect(formatValue({ name: "render.ceiling_dbtp", ...about, unit: "dBTP" }, -70)).toBe("-70.0 dBTP");
});

test("decays are written in seconds, mixes in percent", () => {
  expect(formatValue(fx.param("reverb.1khz.rt60_s"), 1.8)).toBe("1.80 s");
  expect(formatValue(fx.param("reverb.mix"), 0.35)).toBe("35 %");
  expect(formatValue(master.param("image.width"), 1.2)).toBe("120 %");
});

test.each([
  ["fader.gain_db", "-3,5", -3.5],
  ["fader.gain_db", "−6 dB", -6],
  ["fader.gain_db", "+40", 12],
  ["send.gain_db", "off", -80],
  ["send.gain_db", "-inf", -80],
  ["eq.peak_4.freq_hz", "1.25k", 1250],
  ["eq.peak_4.freq_hz", "1,25 kHz", 1250],
  ["eq.peak_4.freq_hz", "2500", 2500],
  ["compressor.release_ms", "1.5 s", 1500],
  ["compressor.release_ms", "80ms", 80],
  ["compressor.ratio", "4:1", 4],
  ["panner.pan", "30 L", -0.3],
  ["panner.pan", "r45", 0.45],
  ["panner.pan", "-20", -0.2],
  ["panner.pan", "c", 0],
])("typing %s: %s sets %d", (control, text, value) => {
  expect(parseValue(track.param(control), text)).toBeCloseTo(value, 12);
});

test.each(["", "loud", "3 apples", "--3", "12 dB dB"])("what cannot be read, %s, sets nothing", (text) => {
  expect(parseValue(track.param("fader.gain_db"), text)).toBeNull();
});

test("decays are typed in seconds or milliseconds, mixes in percent", () => {
  expect(parseValue(fx.param("reverb.1khz.rt60_s"), "900 ms")).toBeCloseTo(0.9, 12);
  expect(parseValue(fx.param("reverb.1khz.rt60_s"), "2.5")).toBe(2.5);
  expect(parseValue(fx.param("reverb.mix"), "40")).toBeCloseTo(0.4, 12);
  expect(parseValue(master.param("image.width"), "130")).toBeCloseTo(1.3, 12);
  expect(parseValue(master.param("image.width"), "70 %")).toBeCloseTo(0.7, 12);
});

test("every value of every control reads back within what its text shows", () => {
  for (const param of [track, fx, master].flatMap((section) => [...section.params.values()])) {
    for (const value of [param.low, param.default, param.high]) {
      const read = parseValue(param, formatValue(param, value));
      expect(read, `${param.name}: ${formatValue(param, value)}`).not.toBeNull();
      expect(Math.abs((read ?? Number.NaN) - value)).toBeLessThanOrEqual(0.006 * Math.max(Math.abs(value), 10));
    }
  }
});
