// @vitest-environment node

import { describe, expect, test } from "vitest";
import layouts from "../../../test/fixtures/layouts.json";
import type { LayoutDeclaration, Values } from "../../model/types";
import { columnOf, controlsOf, vectorOf } from "./columns";
import { type Buses, MOST_FRAMES, Strip } from "./strip";

const SAMPLE_RATE = 48_000;
const TONE_HZ = 1000;
const TONE = 0.5;

/** Highest line that a change may add to the spectrum of a tone, two octaves above it and further. */
const CLICK_DB = -95;

const LAYOUT = (layouts as LayoutDeclaration[]).find(({ name }) => name === "default") as LayoutDeclaration;
const CONTROLS = controlsOf(LAYOUT.sections.track);

function newStrip(values: Values, channels = 1): Strip {
  return new Strip(CONTROLS, vectorOf(CONTROLS, values), SAMPLE_RATE, channels);
}

function set(strip: Strip, values: Values): void {
  strip.set(
    Object.keys(values).map((name) => columnOf(CONTROLS, name)),
    Object.values(values),
  );
}

/** The dry left bus of blocks of a steady tone, from a block on. */
function heard(strip: Strip, blocks: number, first = 0): number[] {
  const found: number[] = [];
  const [left, ...others] = Array.from({ length: 4 }, () => new Float64Array(MOST_FRAMES));
  for (let block = first; block < first + blocks; block++) {
    for (let n = 0; n < MOST_FRAMES; n++) {
      const x = TONE * Math.sin((2 * Math.PI * TONE_HZ * (block * MOST_FRAMES + n)) / SAMPLE_RATE);
      strip.left[n] = x;
      strip.right?.fill(x, n, n + 1);
    }
    left.fill(0);
    strip.process(MOST_FRAMES);
    strip.mix([left, others[0], others[1], others[2]], MOST_FRAMES);
    found.push(...left);
  }
  return found;
}

/** The highest line of a spectrum two octaves above the tone and further, against the tone, dB. */
function splatterDb(samples: readonly number[]): number {
  const windowed = samples.map((sample, n) => sample * blackmanHarris(n / samples.length));
  const lines = Array.from({ length: 75 }, (_, k) => 4 * TONE_HZ + k * 260);
  const loudest = Math.max(...lines.map((freqHz) => magnitude(windowed, freqHz)));
  return 20 * Math.log10(loudest / magnitude(windowed, TONE_HZ));
}

/** The window whose own lines fade by 92 dB. */
function blackmanHarris(place: number): number {
  const wave = (k: number) => Math.cos(2 * Math.PI * k * place);
  return 0.35875 - 0.48829 * wave(1) + 0.14128 * wave(2) - 0.01168 * wave(3);
}

function magnitude(samples: readonly number[], freqHz: number): number {
  const turn = (2 * Math.PI * freqHz) / SAMPLE_RATE;
  const re = samples.reduce((sum, sample, n) => sum + sample * Math.cos(turn * n), 0);
  const im = samples.reduce((sum, sample, n) => sum + sample * Math.sin(turn * n), 0);
  return Math.hypot(re, im);
}

const EQ_NEUTRAL = { "compressor.ratio": 1, "eq.peak_2.freq_hz": 900, "eq.peak_2.q": 1 };
const EQ_BOOST = { "eq.peak_2.gain_db": 12 };

describe("a change while a tone sounds does not click", () => {
  const changes: Record<string, Values> = {
    "of the fader": { "fader.gain_db": -12 },
    "of the input gain": { "input.gain_db": -12 },
    "of the pan": { "panner.pan": 1 },
    "of an equalizer's gain": EQ_BOOST,
    "of an equalizer's frequency": { "eq.peak_2.gain_db": 6, "eq.peak_2.freq_hz": 2000 },
    "of the threshold": { "compressor.ratio": 2, "compressor.threshold_db": -20 },
    "of the makeup gain": { "compressor.makeup_db": 6 },
  };
  test.each(Object.entries(changes))("%s", (_, values) => {
    const strip = newStrip({ ...EQ_NEUTRAL, "compressor.attack_ms": 50 });
    const before = heard(strip, 24);
    set(strip, values);
    const after = heard(strip, 40, 24);
    expect(splatterDb([...before, ...after])).toBeLessThan(CLICK_DB);
  });

  test("of the mute", () => {
    const strip = newStrip(EQ_NEUTRAL);
    const before = heard(strip, 24);
    strip.hear(false);
    const after = heard(strip, 40, 24);
    expect(splatterDb([...before, ...after])).toBeLessThan(CLICK_DB);
    expect(after.at(-1)).toBe(0);
  });

  test("and what would click is found by this measurement", () => {
    const before = heard(newStrip(EQ_NEUTRAL), 24);
    const after = heard(newStrip({ ...EQ_NEUTRAL, "fader.gain_db": -12 }), 40, 24);
    expect(splatterDb([...before, ...after])).toBeGreaterThan(CLICK_DB + 20);
  });
});

test("once a change has arrived, the sound is that of the new settings, to the last bit of what rings on", () => {
  const moved = newStrip(EQ_NEUTRAL, 2);
  heard(moved, 10);
  set(moved, { ...EQ_BOOST, "fader.gain_db": -6, "panner.pan": -0.3 });
  const still = newStrip({ ...EQ_NEUTRAL, ...EQ_BOOST, "fader.gain_db": -6, "panner.pan": -0.3 }, 2);
  heard(still, 10);
  const found = [moved, still].map((strip) => heard(strip, 400, 10).slice(-MOST_FRAMES));
  const differences = found[0].map((sample, n) => Math.abs(sample - found[1][n]));
  expect(Math.max(...differences)).toBeLessThan(1e-12);
});

test("a strip that was not played yet is at its new settings at once", () => {
  const early = newStrip(EQ_NEUTRAL);
  set(early, EQ_BOOST);
  expect(heard(early, 2)).toEqual(heard(newStrip({ ...EQ_NEUTRAL, ...EQ_BOOST }), 2));
});

test("silence in, exactly silence out, once nothing rings", () => {
  const strip = newStrip({ ...EQ_NEUTRAL, ...EQ_BOOST });
  heard(strip, 4);
  for (let block = 0; block < 2000; block++) {
    strip.left.fill(0);
    strip.process(MOST_FRAMES);
  }
  expect(strip.left.every((sample) => sample === 0)).toBe(true);
});

test("peaks are those behind fader and pan", () => {
  const strip = newStrip({ ...EQ_NEUTRAL, "fader.gain_db": 20 * Math.log10(0.5), "panner.pan": -1 });
  heard(strip, 4);
  expect(strip.levels.peakLeft).toBeCloseTo(0.5 * TONE, 6);
  expect(strip.levels.peakRight).toBeCloseTo(0, 6);
});

describe("the width of a stereo strip", () => {
  const master = controlsOf(LAYOUT.sections.master);
  const sides = (width: number): [number, number] => {
    const strip = new Strip(master, vectorOf(master, { "image.width": width }), SAMPLE_RATE, 2);
    const buses = [0, 1, 2, 3].map(() => new Float64Array(MOST_FRAMES)) as unknown as Buses;
    strip.left.fill(0.5);
    (strip.right as Float64Array).fill(-0.1);
    strip.process(MOST_FRAMES);
    strip.mix(buses, MOST_FRAMES);
    return [buses[0][0], buses[1][0]];
  };

  test.each([0, 0.4, 1, 2])("%d scales the side and leaves the middle", (width) => {
    const [left, right] = sides(width);
    expect(left + right).toBeCloseTo(0.4, 12);
    expect(left - right).toBeCloseTo(0.6 * width, 12);
  });
});
