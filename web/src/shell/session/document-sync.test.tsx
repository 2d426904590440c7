import { cleanup, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { delivery, exampleMix, layouts, roles } from "../../../test/desk-fixtures";
import { api } from "../../api/client";
import { ApiError } from "../../api/http";
import type { SavedMix } from "../../api/types";
import { withSettings } from "../../model/document";
import type { MixDocument } from "../../model/types";
import { Toasts } from "../../ui/toast";
import type { ServerFacts } from "../server-facts";
import { DocumentSync } from "./document-sync";

const FADER = "fader.gain_db";
const facts = { layouts, about: { roles, delivery } } as unknown as ServerFacts;
const nothing = { onShown: () => {}, onSaved: () => {} };

/** What the server has. */
let saved: SavedMix;
let sync: DocumentSync;

const mixed = (overall: number): MixDocument => ({ ...exampleMix(), amounts: { ...exampleMix().amounts, overall } });
const settle = () => vi.waitFor(() => expect(sync.autosave.value?.revision).toBe(saved.revision));

beforeEach(async () => {
  localStorage.clear();
  saved = { revision: 1, mix: exampleMix() };
  vi.spyOn(api, "mix").mockImplementation(async () => structuredClone(saved));
  vi.spyOn(api, "putMix").mockImplementation(async (_, { mix }) => {
    saved = { revision: saved.revision + 1, mix };
    return { revision: saved.revision };
  });
  sync = new DocumentSync("song", () => facts, nothing);
  sync.told(1);
  await settle();
});

afterEach(() => sync.settle().then(cleanup));

test("a match that is told of twice is shown once, and is one step to undo", async () => {
  const before = sync.desk.value?.mix.value;
  saved = { revision: 2, mix: mixed(50) };
  sync.told(2, "match");
  sync.told(2);
  await settle();
  await new Promise((resolve) => setTimeout(resolve));
  expect(sync.desk.value?.undoes.value).toBe("match");
  sync.desk.value?.undo();
  expect(sync.desk.value?.mix.value).toBe(before);
});

const faded = (mix: MixDocument, track: number, gain: number) => withSettings(mix, track, { [FADER]: gain });

test("what the server kept of the desk is told in one line", async () => {
  render(<Toasts />);
  saved = { revision: 2, mix: mixed(50) };
  sync.told(2, "match", ["Kick: fader.gain_db"]);
  await screen.findByText("What you changed meanwhile stays: Kick fader.");
});

test("what is changed in the moment in which a match ends stays too, is saved, and is one step to undo with it", async () => {
  const desk = sync.desk.value;
  saved = { revision: 2, mix: faded(faded(exampleMix(), 0, -9), 1, -9) };
  const expected = faded(saved.mix, 0, -12);
  desk?.set(0, { [FADER]: -12 });
  const edited = desk?.mix.value;
  sync.told(2, "match");
  await vi.waitFor(() => expect(desk?.undoes.value).toBe("match"));
  expect(desk?.mix.value).toEqual(expected);
  expect(await sync.settle()).toBe(true);
  expect(saved).toEqual({ revision: 3, mix: expected });
  desk?.undo();
  expect(desk?.mix.value).toBe(edited);
});

test("so does what was on its way when the match ended, and was refused", async () => {
  let refuse = (_: Error) => {};
  vi.spyOn(api, "putMix").mockImplementationOnce(() => new Promise((_, reject) => (refuse = reject)));
  sync.desk.value?.set(0, { [FADER]: -12 });
  sync.flush();
  saved = { revision: 2, mix: faded(exampleMix(), 1, -9) };
  const expected = faded(saved.mix, 0, -12);
  sync.told(2, "match");
  await vi.waitFor(() => expect(sync.desk.value?.undoes.value).toBe("match"));
  refuse(new ApiError(409, "changed by a match"));
  expect(await sync.settle()).toBe(true);
  expect(saved).toEqual({ revision: 3, mix: expected });
});

test("undo tells a first match from one that came after it", async () => {
  const undoes = () => sync.desk.value?.undoes.value;
  const comparison = { song_window_s: 6, song_windows_at_s: [0], distance_before: {}, distance_after: {} };
  saved = { revision: 2, mix: { ...mixed(50), comparison } };
  sync.told(2, "rematch");
  await vi.waitFor(() => expect(undoes()).toBe("match"));
  saved = { revision: 3, mix: { ...mixed(60), comparison } };
  sync.told(3, "rematch");
  await vi.waitFor(() => expect(undoes()).toBe("match again"));
});

test("what was saved before and has been found anew is not taken for a change", async () => {
  sync.desk.value?.set(0, { [FADER]: -12 });
  await sync.settle();
  sync.desk.value?.set(1, { [FADER]: -12 });
  saved = { revision: 3, mix: faded(exampleMix(), 0, -9) };
  const expected = faded(saved.mix, 1, -12);
  sync.told(3, "rematch");
  await vi.waitFor(() => expect(sync.desk.value?.mix.value).toEqual(expected));
});

test("an answer that was overtaken by a change made here is not shown", async () => {
  let answer = (_: SavedMix) => {};
  vi.spyOn(api, "mix").mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  sync.told(2, "restore");
  saved.revision = 2;
  sync.desk.value?.set(0, { [FADER]: -12 });
  expect(await sync.settle()).toBe(true);
  answer({ revision: 2, mix: mixed(50) });
  await new Promise((resolve) => setTimeout(resolve));
  expect(sync.desk.value?.value(0, FADER).value).toBe(-12);
});

test("while the server is away nothing is thrown, and nothing is lost from the desk", async () => {
  vi.spyOn(api, "mix").mockRejectedValue(new Error("away"));
  sync.told(7, "match");
  await sync.resolve("theirs");
  expect(sync.desk.value?.mix.value).toEqual(exampleMix());
});

test("what the browser kept is offered, unless it is of other tracks", async () => {
  const offered = async (mix: MixDocument) => {
    localStorage.setItem("diffmst.unsaved.song", JSON.stringify({ revision: 1, mix, at: "2026-01-01" }));
    sync = new DocumentSync("song", () => facts, nothing);
    sync.told(1);
    await settle();
    return sync.kept.value !== null;
  };
  expect(await offered(mixed(50))).toBe(true);
  expect(await offered({ ...mixed(50), tracks: exampleMix().tracks.slice(1) })).toBe(false);
  expect(await offered(exampleMix())).toBe(false);
});
