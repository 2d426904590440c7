// @vitest-environment node
import { effect } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { exampleDesk, exampleMix, layouts, paperMix } from "../../test/desk-fixtures";
import type { Engine } from "../engine/types";
import { Desk } from "./desk";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const FADER = "fader.gain_db";

function fakeEngine() {
  const engine = { load: vi.fn(), set: vi.fn(), mute: vi.fn(), solo: vi.fn() };
  return { ...engine, asEngine: engine as unknown as Engine };
}

test("a value that the document leaves out is at its default", () => {
  const desk = new Desk(paperMix(), layouts);
  expect(desk.value(0, "compressor.threshold_db").value).toBe(-24);
  expect(desk.console.value.track.has("fader.gain_db")).toBe(false);
  expect(desk.console.value.track.level?.name).toBe("input.gain_db");
});

test("values are held in their ranges, and rounded to what the document shows", () => {
  const desk = exampleDesk();
  desk.set(0, { [FADER]: 99, "eq.peak_1.freq_hz": 180.123456789 });
  expect(desk.value(0, FADER).value).toBe(12);
  expect(desk.value(0, "eq.peak_1.freq_hz").value).toBe(180.12);
});

test("a gesture is undone at once, whatever it moved and however often", () => {
  const desk = exampleDesk();
  const before = desk.mix.value;
  const gesture = {};
  for (const db of [-1, -2, -3]) {
    desk.set(0, { [FADER]: db }, { gesture });
    desk.set(0, { "panner.pan": db / 10 }, { gesture });
  }
  expect(desk.undoes.value).toBe("01 Kick: fader");
  desk.undo();
  expect(desk.mix.value).toBe(before);
  expect(desk.canUndo.value).toBe(false);
  desk.redo();
  expect(desk.value(0, FADER).value).toBe(-3);
  expect(desk.canRedo.value).toBe(false);
});

test("a gesture that goes on after an undo is a step of its own", () => {
  const desk = exampleDesk();
  const gesture = {};
  desk.set(0, { [FADER]: -1 }, { gesture });
  desk.undo();
  desk.redo();
  desk.set(0, { [FADER]: -2 }, { gesture });
  desk.undo();
  expect(desk.value(0, FADER).value).toBe(-1);
});

test("undo goes over values, locks, mutes, names, roles, delivery and a match, and comes back", () => {
  const desk = exampleDesk();
  const documents = [desk.mix.value];
  const other = { ...exampleMix(), amounts: { ...exampleMix().amounts, overall: 50 } };
  const changes = [
    () => desk.set(1, { [FADER]: -12 }),
    () => desk.lock(1, "eq.*", true),
    () => desk.mute(2, true),
    () => desk.rename(3, "Bass"),
    () => desk.role(3, "keys"),
    () => desk.render({ ceiling_dbtp: -2 }),
    () => desk.replace(other, "match"),
  ];
  for (const change of changes) {
    change();
    documents.push(desk.mix.value);
  }
  expect(new Set(documents).size).toBe(changes.length + 1);
  for (const document of documents.slice(0, -1).reverse()) {
    desk.undo();
    expect(desk.mix.value).toBe(document);
  }
  for (const document of documents.slice(1)) {
    desk.redo();
    expect(desk.mix.value).toBe(document);
  }
});

test("what changes nothing is no step", () => {
  const desk = exampleDesk();
  desk.set(0, { [FADER]: desk.value(0, FADER).value });
  desk.rename(0, "  ");
  desk.rename(0, desk.name(0).value);
  expect(desk.canUndo.value).toBe(false);
});

test("a lock is written as its pattern, and read control by control", () => {
  const desk = exampleDesk();
  desk.lock(0, "eq.*", true);
  expect(desk.mix.value.tracks[0].locks).toEqual(["eq.*"]);
  expect(desk.locked(0, "eq.peak_2.q").value).toBe(true);
  expect(desk.locked(0, FADER).value).toBe(false);
  expect(desk.lockState(0, ["eq.peak_2.q", FADER])).toBe("some");
  desk.lock("fx", "*", true);
  expect(desk.mix.value.fx_locks).toEqual(["*"]);
  desk.lock("master", FADER, true);
  expect(desk.mix.value.master_locks).toEqual([FADER]);
});

test("what is locked may be moved by hand", () => {
  const desk = exampleDesk();
  desk.lock(0, "*", true);
  desk.set(0, { [FADER]: -20 });
  expect(desk.value(0, FADER).value).toBe(-20);
});

test("a control rests at default, neutral and matched, ends that leave it out being at its default", () => {
  const mix = exampleMix();
  mix.tracks[0].ends = { neutral: { [FADER]: -6 }, matched: {} };
  const desk = new Desk(mix, layouts);
  expect(desk.rest(0, FADER)).toEqual({ default: 0, neutral: -6, matched: 0 });
  expect(new Desk(paperMix(), layouts).rest(0, "input.gain_db")).toEqual({ default: 0, neutral: null, matched: null });
});

test("a fader that moves wakes none of another strip", () => {
  const desk = exampleDesk();
  const seen = { own: 0, other: 0 };
  const stops = [
    effect(() => {
      desk.value(0, FADER).value;
      seen.own++;
    }),
    effect(() => {
      desk.value(1, FADER).value;
      desk.rest(1, FADER);
      desk.locked(1, FADER).value;
      seen.other++;
    }),
  ];
  desk.set(0, { [FADER]: -7 });
  expect(seen).toEqual({ own: 2, other: 1 });
  for (const stop of stops) {
    stop();
  }
});

test("every change reaches the engine: settings as they move, the rest whole", () => {
  const desk = exampleDesk();
  const engine = fakeEngine();
  desk.attach(engine.asEngine);
  expect(engine.load).toHaveBeenLastCalledWith(desk.mix.value);
  desk.set(2, { [FADER]: 99 });
  expect(engine.set).toHaveBeenLastCalledWith(2, { [FADER]: 12 });
  desk.mute(1, true);
  expect(engine.mute).toHaveBeenLastCalledWith(1, true);
  desk.solo(4, true);
  desk.solo(2, true);
  expect(engine.solo).toHaveBeenLastCalledWith([2, 4]);
  desk.solo(5, true, { only: true });
  expect(engine.solo).toHaveBeenLastCalledWith([5]);
  desk.undo();
  expect(engine.load).toHaveBeenLastCalledWith(desk.mix.value);
});

test("a document with fewer tracks keeps selection and solos within them", () => {
  const desk = exampleDesk();
  desk.selected.value = 7;
  desk.solo(7, true);
  const mix = exampleMix();
  desk.replace({ ...mix, tracks: mix.tracks.slice(0, 3) }, "two removed");
  expect(desk.selected.value).toBe(2);
  expect(desk.solos.value.size).toBe(0);
  expect(desk.track(7).value).toBeUndefined();
});

test("changes are saved once they pause, and at once when asked", () => {
  const save = vi.fn();
  const desk = exampleDesk({ save, saveDelayMs: 300 });
  desk.set(0, { [FADER]: -1 });
  vi.advanceTimersByTime(200);
  desk.set(0, { [FADER]: -2 });
  vi.advanceTimersByTime(299);
  expect(save).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(save.mock.calls).toEqual([[desk.mix.value]]);
  desk.mute(0, true);
  desk.flush();
  desk.flush();
  vi.advanceTimersByTime(1000);
  expect(save).toHaveBeenCalledTimes(2);
});

test("what the server has already is not saved again, but undoing it is", () => {
  const save = vi.fn();
  const desk = exampleDesk({ save });
  desk.set(0, { [FADER]: -12 }); // waits to be saved when the match comes
  desk.replace(exampleMix(), "match", { saved: true });
  vi.runAllTimers();
  expect(save).not.toHaveBeenCalled();
  desk.undo();
  vi.runAllTimers();
  expect(save).toHaveBeenCalledWith(desk.mix.value);
});

test("solos are no part of the document", () => {
  const desk = exampleDesk();
  const before = desk.mix.value;
  desk.solo(0, true);
  expect(desk.mix.value).toBe(before);
  desk.clearSolos();
  expect(desk.solos.value.size).toBe(0);
});
