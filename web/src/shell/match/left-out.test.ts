// @vitest-environment node
import { expect, test } from "vitest";
import { exampleMix } from "../../../test/desk-fixtures";
import type { Stem } from "../../api/types";
import { leftOut } from "./left-out";

function stemOf(file: string): Stem {
  return { id: file, name: file, file, frames: 1, sample_rate: 48_000, channels: 1, seconds: 1 } as Stem;
}

test("a stem that came after the match is not in the mix; those that were matched are", () => {
  const mix = exampleMix();
  const matched = mix.tracks.map(({ path }) => stemOf(`stems/${path.split("/").at(-1)}`));
  expect(leftOut(matched, mix)).toEqual([]);
  expect(leftOut([...matched, stemOf("stems/late.wav")], mix).map(({ file }) => file)).toEqual(["stems/late.wav"]);
});
