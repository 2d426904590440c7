// @vitest-environment node

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Responses } from "./responses";

const fetchMock = vi.fn();
const take = vi.fn();
const trouble = vi.fn();

function asked(): unknown[] {
  return fetchMock.mock.calls.map(([, init]) => JSON.parse((init as RequestInit).body as string).values);
}

function newResponses(): Responses {
  return new Responses("/response", take, trouble);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetAllMocks();
  vi.stubGlobal("fetch", fetchMock);
  fetchMock.mockImplementation(async () => new Response(new Float32Array(4)));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("settings that follow each other fast are asked for once, the latest", async () => {
  const responses = newResponses();
  responses.want({ decay: 1 });
  responses.want({ decay: 2 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked()).toEqual([{ decay: 2 }]);
  expect(take).toHaveBeenCalledOnce();
});

test("while one is on its way, only the latest of those that follow is asked for", async () => {
  fetchMock.mockImplementation(async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return new Response(new Float32Array(4));
  });
  const responses = newResponses();
  responses.want({ decay: 1 });
  await vi.advanceTimersByTimeAsync(100);
  responses.want({ decay: 2 });
  responses.want({ decay: 3 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(asked()).toEqual([{ decay: 1 }, { decay: 3 }]);
});

test("how much reverb is heard needs no other response", async () => {
  const responses = newResponses();
  await responses.first({ decay: 1, "reverb.mix": 0.2 });
  responses.want({ decay: 1, "reverb.mix": 0.9 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(fetchMock).toHaveBeenCalledOnce();
});

test("after a failure it says why, and asks again until it is answered", async () => {
  fetchMock.mockRejectedValueOnce(new TypeError("failed"));
  const responses = newResponses();
  responses.want({ decay: 1 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(trouble).toHaveBeenLastCalledWith("the server cannot be reached");
  await vi.advanceTimersByTimeAsync(5000);
  expect(trouble).toHaveBeenLastCalledWith(null);
  expect(take).toHaveBeenCalledOnce();
});

test("a refusal is told in the words of the server", async () => {
  fetchMock.mockResolvedValue(new Response(JSON.stringify({ detail: "decay must be above 0" }), { status: 400 }));
  newResponses().want({ decay: -1 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(trouble).toHaveBeenLastCalledWith("the server has no audio (400: decay must be above 0)");
});

test("nothing is asked for any more once it is closed", async () => {
  fetchMock.mockRejectedValue(new TypeError("failed"));
  const responses = newResponses();
  responses.want({ decay: 1 });
  await vi.advanceTimersByTimeAsync(100);
  responses.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fetchMock).toHaveBeenCalledOnce();
});
