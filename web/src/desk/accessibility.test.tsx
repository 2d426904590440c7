import { act, cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { run } from "axe-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { delivery, exampleDesk, exampleMix, layouts, pretendLayout, roles } from "../../test/desk-fixtures";
import { Desk } from "../model/desk";
import { DeskView } from "./desk-view";

beforeEach(() => pretendLayout());
afterEach(() => {
  vi.useRealTimers();
  cleanup();
});

/** Two tracks are as good as eight, and axe reads every element many times. */
function smallDesk(): Desk {
  const mix = exampleMix();
  return new Desk({ ...mix, tracks: mix.tracks.slice(0, 2) }, layouts, { roles, delivery });
}

/** Axe is slow where elements are only pretended. */
const PATIENCE_MS = 60_000;

/** Colours are judged in a real browser: tests/web/test_desk_in_browser.py. */
async function violations(): Promise<string[]> {
  const { violations: found } = await run(document.body, {
    resultTypes: ["violations"],
    rules: { "color-contrast": { enabled: false } },
  });
  // The page around the desk has landmarks and headings.
  const outside = new Set(["region", "page-has-heading-one", "landmark-one-main"]);
  return found.filter(({ id }) => !outside.has(id)).map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
}

test("axe finds nothing wrong with the desk, and with a value that is typed", { timeout: PATIENCE_MS }, async () => {
  render(<DeskView desk={smallDesk()} engine={null} />);
  const fader = screen.getAllByRole("slider", { name: "02 Snare, fader" })[0];
  act(() => void fireEvent.contextMenu(fader, { clientX: 9, clientY: 9 }));
  act(() => screen.getByRole("menuitem", { name: /^Type/ }).click());
  expect(screen.getByRole("textbox", { name: /^02 Snare, fader, now/ })).toBe(document.activeElement);
  expect(await violations()).toEqual([]);
});

test("a finger that rests opens the menu, and one that moves does not", () => {
  vi.useFakeTimers();
  render(<DeskView desk={exampleDesk()} engine={null} />);
  const fader = screen.getAllByRole("slider", { name: "01 Kick, fader" })[0];
  const finger = { pointerId: 1, button: 0, pointerType: "touch", clientX: 4 };
  fireEvent.pointerDown(fader, { ...finger, clientY: 100 });
  fireEvent.pointerMove(fader, { ...finger, clientY: 80 });
  act(() => void vi.advanceTimersByTime(2000));
  expect(screen.queryByRole("menu")).toBeNull();
  fireEvent.pointerUp(fader, finger);
  fireEvent.pointerDown(fader, { ...finger, clientY: 100 });
  act(() => void vi.advanceTimersByTime(2000));
  expect(screen.getByRole("menu", { name: "01 Kick, fader" })).toBeTruthy();
});

test("a value that stands in strip and detail is typed where it was asked for", () => {
  render(<DeskView desk={exampleDesk()} engine={null} />);
  for (const [place, part] of [
    [0, "01 Kick, group drum kit"],
    [1, "01 Kick, channel"],
  ] as const) {
    const fader = screen.getAllByRole("slider", { name: "01 Kick, fader" })[place];
    act(() => void fireEvent.keyDown(fader, { key: "Enter" }));
    const field = screen.getByRole("textbox", { name: /^01 Kick, fader, now/ });
    expect(field.closest("section")?.getAttribute("aria-label")).toBe(part);
    act(() => void fireEvent.keyDown(field, { key: "Escape" }));
  }
});
