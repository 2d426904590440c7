import { signal } from "@preact/signals";
import { beforeEach, expect, test, vi } from "vitest";
import type { Engine, EngineState, SongInfo } from "../../engine/types";
import type { Desk } from "../../model/desk";
import { Playback } from "./playback";

/** Engines in the order in which they were made; `fail` is what making the next one throws. */
const made = vi.hoisted(() => ({ engines: [] as Engine[], fail: null as Error | null }));

vi.mock("../../engine/engine", () => ({
  createEngine: async () => {
    if (made.fail) {
      throw made.fail;
    }
    made.engines.push(silentEngine());
    return made.engines.at(-1);
  },
}));

function silentEngine(): Engine {
  const does = ["accompany", "seek", "listen", "loop", "pause", "play", "close", "deliver", "gains"] as const;
  const engine = Object.fromEntries(does.map((name) => [name, vi.fn()])) as unknown as Engine;
  const told = (playing: boolean) => ({ playing, frame: 0, source: "mix" }) as EngineState;
  return Object.assign(engine, {
    onState: (listener: (state: EngineState) => void) => {
      vi.mocked(engine.play).mockImplementation(async () => listener(told(true)));
      return () => {};
    },
  });
}

const stream = (name: string, version = 0) => ({ url: `/${name}`, rows: 2, frames: 100, version });
const songOf = (change: Partial<SongInfo> = {}): SongInfo => ({
  sampleRate: 48_000,
  song: stream("song"),
  before: null,
  reference: null,
  responseUrl: "/response",
  ...change,
});

let playback: Playback;
let desk: Desk;

beforeEach(() => {
  made.engines = [];
  made.fail = null;
  playback = new Playback();
  desk = { mix: signal({}), console: signal({ layout: {} }), attach: vi.fn() } as unknown as Desk;
});

test("a song plays on when what it is compared with comes or changes", async () => {
  await playback.open(songOf(), desk);
  playback.toggle();
  const before = songOf({ before: stream("before") });
  await playback.open(before, desk);
  await playback.open(songOf({ before: stream("before", 1) }), desk);
  const [engine, ...others] = made.engines;
  expect(others).toEqual([]);
  expect(engine.close).not.toHaveBeenCalled();
  expect(engine.accompany).toHaveBeenCalledWith(before);
  expect(playback.state.value.playing).toBe(true);
});

test("another song has another engine, which goes on playing", async () => {
  await playback.open(songOf(), desk);
  playback.toggle();
  await playback.open(songOf({ song: stream("song", 1) }), desk);
  expect(made.engines[0].close).toHaveBeenCalled();
  expect(made.engines[1].play).toHaveBeenCalled();
});

test("of two songs that are opened at once the last is played, and no engine is left over", async () => {
  await Promise.all([playback.open(songOf(), desk), playback.open(songOf({ sampleRate: 44_100 }), desk)]);
  const open = made.engines.filter((engine) => vi.mocked(engine.close).mock.calls.length === 0);
  expect(open).toEqual([playback.engine.value]);
  expect(playback.song.value?.sampleRate).toBe(44_100);
});

test("what comes while the engine is made is not forgotten", async () => {
  const opening = playback.open(songOf(), desk);
  await playback.open(songOf({ reference: stream("reference") }), desk);
  await opening;
  expect(made.engines.length).toBe(1);
  expect(made.engines[0].accompany).toHaveBeenCalledWith(songOf({ reference: stream("reference") }));
});

test("a song that failed is tried again", async () => {
  made.fail = new Error("the server cannot be reached");
  await playback.open(songOf(), desk);
  expect(playback.problem.value).toBe("the server cannot be reached");
  made.fail = null;
  await playback.open(songOf(), desk);
  expect([playback.problem.value, made.engines.length]).toEqual(["", 1]);
});

test("once it is closed no engine is left, not even one that was being made", async () => {
  const opening = playback.open(songOf(), desk);
  await playback.close();
  await opening;
  expect(playback.engine.value).toBeNull();
  expect(made.engines.every((engine) => vi.mocked(engine.close).mock.calls.length === 1)).toBe(true);
});
