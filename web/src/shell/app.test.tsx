import { cleanup, render, screen } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";

vi.hoisted(() => {
  // jsdom has no media queries.
  globalThis.matchMedia = () => new EventTarget() as MediaQueryList;
});

import { App } from "./app";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test("without its server the page says so, and offers to try again", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("failed to fetch");
  });
  render(<App />);
  expect(await screen.findByText(/diffmst does not answer/)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
});

test("a server that demands a token is given one", async () => {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ detail: "token" }), { status: 401 }));
  render(<App />);
  expect(await screen.findByLabelText("Token")).toBeTruthy();
});

test("a file that is dropped beside its place is told where it belongs", async () => {
  render(<App />);
  const missed = Object.assign(new Event("drop", { cancelable: true }), { dataTransfer: { types: ["Files"] } });
  dispatchEvent(missed);
  expect(missed.defaultPrevented).toBe(true);
  expect(await screen.findByText(/Drop files on Stems/)).toBeTruthy();
});
