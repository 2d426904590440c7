import { beforeEach, expect, test, vi } from "vitest";
import { ApiError, ServerAway } from "../../api/http";
import type { SavedMix } from "../../api/types";
import type { MixDocument } from "../../model/types";
import { Autosave, keptOf } from "./autosave";

const mixOf = (software: string) => ({ software, tracks: [] as MixDocument["tracks"] }) as MixDocument;

/** A server that says what is put in its mouth, a word at a time. */
function serverOf(...answers: (number | Error)[]) {
  const got: SavedMix[] = [];
  const put = vi.fn(async (saved: SavedMix) => {
    got.push(saved);
    const answer = answers.shift() ?? saved.revision + 1;
    if (answer instanceof Error) {
      throw answer;
    }
    return { revision: answer };
  });
  return { got, put };
}

beforeEach(() => localStorage.clear());

test("what was edited is saved, and no copy stays behind", async () => {
  const { got, put } = serverOf();
  const autosave = new Autosave("song", 3, put);
  autosave.edited(mixOf("a"));
  expect(autosave.state.value).toBe("saving");
  autosave.save(mixOf("a"));
  await autosave.settled();
  expect(got).toEqual([{ revision: 3, mix: mixOf("a") }]);
  expect([autosave.state.value, autosave.revision]).toEqual(["saved", 4]);
  expect(keptOf("song")).toBeNull();
});

test("of what is edited while one is on its way only the last is sent", async () => {
  const { got, put } = serverOf();
  const autosave = new Autosave("song", 0, put);
  autosave.save(mixOf("a"));
  autosave.save(mixOf("b"));
  autosave.save(mixOf("c"));
  await autosave.settled();
  expect(got.map(({ revision, mix }) => [revision, mix.software])).toEqual([
    [0, "a"],
    [1, "c"],
  ]);
});

test("while the server is away it is tried again by itself", async () => {
  vi.useFakeTimers();
  const { got, put } = serverOf(new ServerAway(), new ServerAway());
  const autosave = new Autosave("song", 5, put);
  autosave.save(mixOf("a"));
  await vi.advanceTimersByTimeAsync(10_000);
  expect([autosave.state.value, got.length]).toEqual(["saved", 3]);
  vi.useRealTimers();
});

test("while the server is away the browser keeps it, and sends it when asked again", async () => {
  const { put } = serverOf(new ServerAway());
  const autosave = new Autosave("song", 5, put);
  autosave.save(mixOf("a"));
  await autosave.settled();
  expect([autosave.state.value, autosave.dirty]).toEqual(["away", true]);
  expect(keptOf("song")).toMatchObject({ revision: 5, mix: mixOf("a") });
  autosave.retry();
  await autosave.settled();
  expect(autosave.state.value).toBe("saved");
  expect(keptOf("song")).toBeNull();
});

test("after a conflict nothing is sent until the user has chosen", async () => {
  const { got, put } = serverOf(new ApiError(409, "changed elsewhere"));
  const autosave = new Autosave("song", 1, put);
  autosave.save(mixOf("a"));
  await autosave.settled();
  autosave.save(mixOf("b"));
  await autosave.settled();
  expect([autosave.state.value, got.length]).toEqual(["conflict", 1]);
  autosave.keepMine(7);
  await autosave.settled();
  expect(got.at(-1)).toEqual({ revision: 7, mix: mixOf("b") });
  expect(autosave.state.value).toBe("saved");
});

test("what the server refuses because a match came first is no conflict once the match is shown", async () => {
  let refuse = (_: Error) => {};
  const put = () => new Promise<{ revision: number }>((_, reject) => (refuse = reject));
  const autosave = new Autosave("song", 1, put);
  autosave.save(mixOf("a"));
  autosave.loaded(2);
  refuse(new ApiError(409, "changed by a match"));
  await autosave.settled();
  expect([autosave.state.value, autosave.revision]).toEqual(["saved", 2]);
  expect(keptOf("song")).toBeNull();
});

test("once it is closed nothing is sent or kept any more, also while the server is away", async () => {
  vi.useFakeTimers();
  const { got, put } = serverOf(new ServerAway());
  const autosave = new Autosave("song", 1, put);
  autosave.save(mixOf("a"));
  autosave.close();
  await vi.advanceTimersByTimeAsync(10_000);
  autosave.save(mixOf("b"));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(got.map(({ mix }) => mix)).toEqual([mixOf("a")]);
  expect(keptOf("song")?.mix).toEqual(mixOf("a"));
  vi.useRealTimers();
});

test("what the server will not have says why and is kept", async () => {
  const { put } = serverOf(new ApiError(422, "ratio: must be at least 1"));
  const autosave = new Autosave("song", 1, put);
  autosave.save(mixOf("a"));
  await autosave.settled();
  expect([autosave.state.value, autosave.problem.value]).toEqual(["refused", "ratio: must be at least 1"]);
  expect(keptOf("song")).not.toBeNull();
});

test("a damaged copy is none", () => {
  localStorage.setItem("diffmst.unsaved.song", "{half");
  expect(keptOf("song")).toBeNull();
});
