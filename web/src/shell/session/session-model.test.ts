import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { layouts, roles } from "../../../test/desk-fixtures";
import { api } from "../../api/client";
import type { About, Job, Session } from "../../api/types";
import { SessionModel } from "./session-model";

class Stream {
  static open: Stream[] = [];
  onopen = () => {};
  onmessage = (_: { data: string }) => {};
  onerror = () => {};
  constructor() {
    Stream.open.push(this);
  }
  close(): void {
    Stream.open = Stream.open.filter((stream) => stream !== this);
  }
}

let model: SessionModel;

const matching = (state: Job["state"]) => JSON.stringify({ type: "job", job: { id: "1", kind: "match", state } });

function show(seen: boolean): void {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => !seen });
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  Stream.open = [];
  vi.stubGlobal("EventSource", Stream);
  vi.spyOn(api, "about").mockResolvedValue({ roles, delivery: [], limits: {} } as unknown as About);
  vi.spyOn(api, "effects").mockResolvedValue(layouts);
  vi.spyOn(api, "session").mockResolvedValue({
    id: "song",
    revision: 0,
    stems: [],
    references: [],
  } as never as Session);
  vi.spyOn(api, "jobs").mockResolvedValue([]);
  vi.spyOn(api, "pictures").mockRejectedValue(new Error("none"));
  model = new SessionModel("song");
});

afterEach(() => {
  model.close();
  show(true);
  vi.unstubAllGlobals();
});

test("a page that is not seen has no connection, and catches up once it is seen again", async () => {
  Stream.open[0].onopen();
  await vi.waitFor(() => expect(model.info.value).not.toBeNull());
  show(false);
  expect(Stream.open).toEqual([]);
  expect(model.connected.value).toBe(true);
  vi.mocked(api.session).mockClear();
  vi.mocked(api.jobs).mockClear();
  show(true);
  expect(Stream.open).toHaveLength(1);
  Stream.open[0].onopen();
  await vi.waitFor(() => expect(api.session).toHaveBeenCalled());
  expect(api.jobs).toHaveBeenCalled();
});

test("unless it waits for something: then until that has ended", () => {
  Stream.open[0].onmessage({ data: matching("running") });
  show(false);
  expect(Stream.open).toHaveLength(1);
  Stream.open[0].onmessage({ data: matching("done") });
  expect(Stream.open).toEqual([]);
});

test("a page that is opened behind others connects when it is seen", () => {
  model.close();
  show(false);
  model = new SessionModel("song");
  expect(Stream.open).toEqual([]);
  show(true);
  expect(Stream.open).toHaveLength(1);
});

test("a server that was away when the page came is asked for everything once it is there", async () => {
  model.close();
  vi.mocked(api.session).mockRejectedValueOnce(new Error("away"));
  model = new SessionModel("song");
  await vi.waitFor(() => expect(model.problem.value).toBe("away"));
  Stream.open[0].onerror();
  model.retry();
  Stream.open[0].onopen();
  await vi.waitFor(() => expect(model.info.value).not.toBeNull());
});

const withStems = () => {
  const stems = [{ id: "a", name: "Kick", file: "stems/Kick.wav" }];
  vi.mocked(api.session).mockResolvedValue({ id: "song", revision: 0, stems, references: [] } as never as Session);
  model.close();
  model = new SessionModel("song");
};
const balancing = (state: Job["state"]) => ({ id: "2", kind: "balance", state, message: "silent" }) as Job;

test("stems that are not mixed yet are balanced once when one wants to hear them, or see the desk", async () => {
  const start = vi.spyOn(api, "start").mockResolvedValue(balancing("queued"));
  withStems();
  await vi.waitFor(() => expect(model.canBalance.value).toBe(true));
  model.toggle();
  await vi.waitFor(() => expect(model.balancing.value).toBe(true));
  model.toggle();
  expect(start.mock.calls).toEqual([["song", "balance", {}]]);
  Stream.open[0].onmessage({ data: JSON.stringify({ type: "job", job: balancing("failed") }) });
  expect(model.canBalance.value).toBe(true);
  model.open("desk");
  await vi.waitFor(() => expect(start).toHaveBeenCalledTimes(2));
  expect(model.view.value).toBe("files");
});

test("it plays once it is balanced, unless that fails", async () => {
  vi.spyOn(api, "start").mockResolvedValueOnce(balancing("queued")).mockRejectedValueOnce(new Error("away"));
  withStems();
  const wishes = vi.spyOn(model.playback, "playLater");
  await vi.waitFor(() => expect(model.canBalance.value).toBe(true));
  model.toggle();
  await vi.waitFor(() => expect(model.balancing.value).toBe(true));
  expect(wishes.mock.calls).toEqual([[true]]);
  Stream.open[0].onmessage({ data: JSON.stringify({ type: "job", job: balancing("failed") }) });
  expect(wishes.mock.lastCall).toEqual([false]);
  model.toggle();
  await vi.waitFor(() => expect(wishes.mock.calls.slice(2)).toEqual([[true], [false]]));
});
