// @vitest-environment node

import { beforeEach, describe, expect, test } from "vitest";
import layouts from "../../../test/fixtures/layouts.json";
import type { LayoutDeclaration } from "../../model/types";
import { controlsOf } from "./columns";
import { Master, type MasterInputs } from "./master";
import { MOST_FRAMES } from "./strip";

const SAMPLE_RATE = 48_000;
const LAYOUT = (layouts as LayoutDeclaration[]).find(({ name }) => name === "default") as LayoutDeclaration;
const CONTROLS = controlsOf(LAYOUT.sections.master);
const EQUAL = { mix: 0, before: 0, reference: 0 };
const TWICE_DB = 20 * Math.log10(2);

/** Levels at which every input stands. */
const LEVELS = { bus: 0.1, returned: 0.02, send: 0.04, before: 0.3, reference: -0.2 };

let master: Master;

function inputs(levels: Partial<typeof LEVELS> = LEVELS): MasterInputs {
  const pair = (level = 0): [Float32Array, Float32Array] => [
    new Float32Array(MOST_FRAMES).fill(level),
    new Float32Array(MOST_FRAMES).fill(level),
  ];
  const { bus, returned, send, before, reference } = levels;
  return {
    bus: pair(bus),
    returned: pair(returned),
    send: pair(send),
    before: pair(before),
    reference: pair(reference),
  };
}

/** The left side of some blocks. */
function heard(blocks: number, from = inputs()): number[] {
  const found: number[] = [];
  for (let block = 0; block < blocks; block++) {
    master.process(from, MOST_FRAMES);
    found.push(...master.left);
  }
  return found;
}

function steepest(samples: readonly number[]): number {
  return Math.max(...samples.slice(1).map((sample, n) => Math.abs(sample - samples[n])));
}

beforeEach(() => {
  master = new Master(CONTROLS, CONTROLS.defaults, SAMPLE_RATE, MOST_FRAMES);
  master.deliver({ gainDb: 0, trimDb: 0, limited: true, ceilingDbtp: 0 });
  master.setReverbMix(1);
  master.jump();
});

describe("what is heard", () => {
  test("is bus and reverb, at first", () => {
    expect(heard(20).at(-1)).toBeCloseTo(LEVELS.bus + LEVELS.returned, 7);
  });

  test("has as much of the sends as the reverb's mix leaves", () => {
    master.setReverbMix(0.25);
    expect(heard(40).at(-1)).toBeCloseTo(LEVELS.bus + 0.25 * LEVELS.returned + 0.75 * LEVELS.send, 7);
  });

  test("is louder by the gain in front of the limiter, and softer by the trim behind it", () => {
    master.deliver({ gainDb: TWICE_DB, trimDb: -2 * TWICE_DB, limited: true, ceilingDbtp: 0 });
    expect(heard(40).at(-1)).toBeCloseTo((LEVELS.bus + LEVELS.returned) / 2, 7);
  });

  test("does not exceed the ceiling, whatever goes in", () => {
    master.deliver({ gainDb: 40, trimDb: 0, limited: true, ceilingDbtp: -1 });
    expect(Math.max(...heard(60).slice(-20 * MOST_FRAMES))).toBeLessThan(10 ** (-1 / 20));
  });
});

describe("sources", () => {
  test.each(["before", "reference"] as const)("%s is heard within 25 ms of the switch, without a click", (source) => {
    const still = heard(20);
    master.listen(source);
    const found = heard(Math.ceil((0.025 * SAMPLE_RATE) / MOST_FRAMES));
    expect(found.at(-1)).toBeCloseTo(LEVELS[source], 7);
    expect(steepest([...still.slice(-1), ...found])).toBeLessThan(0.001);
  });

  test("are brought to equal loudness, which meters do not show", () => {
    master.setGains({ ...EQUAL, before: TWICE_DB });
    master.listen("before");
    expect(heard(40).at(-1)).toBeCloseTo(2 * LEVELS.before, 6);
    expect(master.shownLeft.at(-1)).toBeCloseTo(LEVELS.before, 7);
  });

  test("are in step: an impulse comes out of all at the same sample", () => {
    const places = (["mix", "before", "reference"] as const).map((source) => {
      master.listen(source);
      master.jump();
      heard(40, inputs({}));
      const impulse = inputs({});
      for (const [left] of [impulse.bus, impulse.before, impulse.reference]) {
        left[7] = 0.5;
      }
      const found = [...heard(1, impulse), ...heard(5, inputs({}))];
      return found.findIndex((sample) => Math.abs(sample) > 0.1);
    });
    expect(places).toEqual(new Array(3).fill(7 + master.limiter.latency));
  });
});
