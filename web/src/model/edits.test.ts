import { expect, test } from "vitest";
import { exampleMix } from "../../test/desk-fixtures";
import { withSettings, withTrack } from "./document";
import { withEdits } from "./edits";
import type { MixDocument } from "./types";

const FADER = "fader.gain_db";
const before = exampleMix();
const found = [0, 1, "master" as const].reduce<MixDocument>((mix, strip) => withSettings(mix, strip, { [FADER]: -9 }), {
  ...before,
  render: { ...before.render, loudness_lufs: -8 },
});

test("without edits it is as it was found", () => {
  expect(withEdits(found, before, exampleMix())).toEqual(found);
});

test("what was moved stays there, and all else is as it was found", () => {
  const edited = withSettings(withSettings(before, 1, { [FADER]: 3 }), "fx", { "reverb.mix": 50 });
  const expected = withSettings(withSettings(found, 1, { [FADER]: 3 }), "fx", { "reverb.mix": 50 });
  expect(withEdits(found, before, edited)).toEqual(expected);
});

test("so does what was said of tracks, locks and delivery", () => {
  const said = withTrack({ ...before, fx_locks: ["reverb.*"] }, 0, { mute: true, name: "Boom", locks: ["eq.*"] });
  const edited = { ...said, render: { ...said.render, ceiling_dbtp: -3 } };
  const mix = withEdits(found, before, edited);
  expect(mix.tracks[0]).toEqual({ ...found.tracks[0], mute: true, name: "Boom", locks: ["eq.*"] });
  expect(mix.render).toEqual({ ...found.render, ceiling_dbtp: -3 });
  expect(mix.fx_locks).toEqual(["reverb.*"]);
});
