import { afterEach, expect, test, vi } from "vitest";
import { ApiError, lineOf, refused, request, ServerAway } from "./http";

const answering = (status: number, body: unknown) =>
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(body), { status }));

afterEach(() => vi.unstubAllGlobals());

test("an error says what the server said, in one line", async () => {
  answering(404, { detail: "there is no such song" });
  await expect(request("/sessions/x")).rejects.toMatchObject({ status: 404, message: "there is no such song" });
});

test("of what pydantic refuses the first is told, with its place", () => {
  const detail = [{ loc: ["body", "window", "seconds"], msg: "must be positive" }, { msg: "and more" }];
  expect(lineOf({ detail })).toBe("window.seconds: must be positive");
});

test("a server that does not answer is told from one that refuses", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("failed to fetch");
  });
  await expect(request("/about")).rejects.toBeInstanceOf(ServerAway);
});

test("an answer that wants a token is counted, so that the page asks for it", async () => {
  const before = refused.value;
  answering(401, { detail: "token" });
  await expect(request("/about")).rejects.toBeInstanceOf(ApiError);
  expect(refused.value).toBe(before + 1);
});
