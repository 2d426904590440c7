import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { exampleDesk, exampleMix } from "../../../test/desk-fixtures";
import type { Session } from "../../api/types";
import type { MixDocument } from "../../model/types";
import { SessionModel } from "../session/session-model";
import { MatchButton } from "./match-button";
import { MatchPanel } from "./match-panel";

const comparison: MixDocument["comparison"] = {
  song_window_s: 6,
  song_windows_at_s: [0],
  distance_before: { level: 2 },
  distance_after: { level: 1 },
};
let model: SessionModel;
let run: ReturnType<typeof vi.spyOn>;

beforeEach(() => {
  vi.stubGlobal("EventSource", class extends EventTarget {});
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  model = new SessionModel("song");
  run = vi.spyOn(model, "run").mockResolvedValue(null);
  const stems = exampleMix().tracks.map(({ name, path }) => ({ name, file: path }));
  model.info.value = { stems, references: [{}], window: null } as unknown as Session;
  model.matchOpen.value = true;
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function shown(mix: MixDocument | null): void {
  const desk = mix && exampleDesk();
  desk?.replace(mix as MixDocument, "test");
  model.document.desk.value = desk;
  render(<MatchPanel model={model} />);
  render(<MatchButton model={model} />);
}

const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

test("what begins a match is not called as what opens its panel", () => {
  shown(null);
  expect(screen.getAllByRole("button", { name: "Match" })).toHaveLength(1);
  press("Start matching");
  expect(run).toHaveBeenCalledWith("match", { steps: 80, loudness: "reference" });
});

test("a mix that is only balanced is matched with its locks, to the loudness of the reference", () => {
  shown(exampleMix());
  expect(screen.queryByRole("slider", { name: "Overall" })).toBeNull();
  press("Start matching");
  expect(run).toHaveBeenCalledWith("rematch", { steps: 80, loudness: "reference", keep_changes: true });
});

test("one that has been matched is matched again, as loud as it is", () => {
  shown({ ...exampleMix(), comparison });
  expect(screen.getByRole("slider", { name: "Overall" })).toBeTruthy();
  press("Match again");
  expect(run).toHaveBeenCalledWith("rematch", { steps: 80, keep_changes: true });
});
