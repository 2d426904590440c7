import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Upload, Uploads } from "./uploads";

/** Stands in for XMLHttpRequest; the test ends each one as it likes. */
class Sending {
  static readonly all: Sending[] = [];
  readonly upload: { onprogress?: (progress: { loaded: number; total: number }) => void } = {};
  status = 0;
  responseText = "";
  onloadend: () => void = () => {};
  open = vi.fn();
  setRequestHeader = vi.fn();
  abort = vi.fn(() => this.onloadend());
  send = vi.fn(() => Sending.all.push(this));

  end(status: number, body: unknown = {}) {
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.onloadend();
  }
}

beforeEach(() => vi.stubGlobal("XMLHttpRequest", Sending));
afterEach(() => {
  vi.unstubAllGlobals();
  Sending.all.length = 0;
});

function uploading(...names: string[]): { uploads: Uploads; added: Upload[]; arrived: string[] } {
  const arrived: string[] = [];
  const uploads = new Uploads(
    () => 100,
    ({ file }) => arrived.push(file.name),
  );
  return { uploads, arrived, added: names.map((name) => uploads.add(new File(["sound"], name), `/${name}`)) };
}

test("two are sent at once, the others wait their turn", () => {
  const { added, arrived } = uploading("a", "b", "c");
  expect(added.map(({ state }) => state.value)).toEqual(["sending", "sending", "waiting"]);
  Sending.all[0].end(201);
  expect(added.map(({ state }) => state.value)).toEqual(["done", "sending", "sending"]);
  expect(arrived).toEqual(["a"]);
});

test("one that is refused says why and holds up no other", () => {
  const { uploads, added } = uploading("a.wav", "b.wav", "c.wav");
  Sending.all[0].end(415, { detail: "a.wav: is text, not audio" });
  expect([added[0].state.value, added[0].message.value]).toEqual(["failed", "is text, not audio"]);
  expect(added[2].state.value).toBe("sending");
  uploads.forget(added[0]);
  expect(uploads.list.value).toEqual(added.slice(1));
});

test("a connection that breaks is told", () => {
  const { added } = uploading("a.wav");
  Sending.all[0].end(0);
  expect(added[0].message.value).toBe("the connection was lost");
});

test("one that is cancelled is aborted and leaves the list", () => {
  const { uploads, added, arrived } = uploading("a", "b", "c");
  uploads.cancel(added[1]);
  expect(Sending.all[1].abort).toHaveBeenCalled();
  expect(uploads.list.value.map(({ file }) => file.name)).toEqual(["a", "c"]);
  expect(added[2].state.value).toBe("sending");
  expect(arrived).toEqual([]);
});

test("what is too large or empty is not sent at all", () => {
  const { uploads } = uploading();
  const large = uploads.add(new File(["x".repeat(101)], "large.wav"), "/large");
  const empty = uploads.add(new File([], "empty.wav"), "/empty");
  expect([large.state.value, empty.state.value]).toEqual(["failed", "failed"]);
  expect(large.message.value).toContain("too large");
  expect(Sending.all).toEqual([]);
});

test("it is being checked once all of it is sent", () => {
  const { added } = uploading("a");
  Sending.all[0].upload.onprogress?.({ loaded: 5, total: 10 });
  expect([added[0].share.value, added[0].state.value]).toEqual([0.5, "sending"]);
  Sending.all[0].upload.onprogress?.({ loaded: 10, total: 10 });
  expect(added[0].state.value).toBe("checking");
});
