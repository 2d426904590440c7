import { expect, test } from "vitest";
import { keptInWords } from "./kept";

test("a few changes are named as on the desk, of many the first", () => {
  const kept = ["Vox: lead: fader.gain_db", "fx: reverb.band_31hz.gain_db", "Kick: mute", "render: ceiling_dbtp"];
  expect(keptInWords(kept.slice(0, 2))).toBe(
    "What you changed meanwhile stays: Vox: lead fader, Reverb band 31hz gain.",
  );
  expect(keptInWords(kept)).toMatch(/: Vox: lead fader, .*, Kick mute and 1 more\.$/);
  expect(keptInWords(kept.slice(3))).toMatch(/: delivery ceiling\.$/);
  expect(keptInWords([])).toBe("What you changed meanwhile stays.");
});
