import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import { delivery, exampleDesk, exampleMix, layouts, paperMix, pretendLayout, roles } from "../../test/desk-fixtures";
import { Desk } from "../model/desk";
import { listenToKeys } from "../shell/keymap";
import { DeskView } from "./desk-view";

const FADER = "fader.gain_db";
/** What `pretendLayout` leaves a fader to move by: its height less its cap. */
const TRAVEL_PX = 200;

let stopListening = () => {};

beforeEach(() => {
  pretendLayout(600, TRAVEL_PX + 28);
  stopListening = listenToKeys();
});
afterEach(() => {
  stopListening();
  cleanup();
});

function show(desk = exampleDesk()): Desk {
  render(<DeskView desk={desk} engine={null} />);
  return desk;
}

const slider = (name: string | RegExp) => screen.getAllByRole("slider", { name })[0];
const press = (element: Element, key: string, options = {}) =>
  act(() => void fireEvent.keyDown(element, { key, ...options }));

function drag(element: Element, up: number, right = 0, options = {}) {
  const pointer = { pointerId: 1, button: 0, ...options };
  act(() => {
    fireEvent.pointerDown(element, { ...pointer, clientX: 0, clientY: 500 });
    // The first move only says that it is no click.
    fireEvent.pointerMove(element, { ...pointer, clientX: 0, clientY: 496 });
    fireEvent.pointerMove(element, { ...pointer, clientX: right, clientY: 496 - up });
    fireEvent.pointerUp(element, { ...pointer, clientX: right, clientY: 496 - up });
  });
}

test("every control says its strip, its name, its value and its unit", () => {
  const desk = show();
  act(() => desk.set(0, { [FADER]: -3.2 }));
  expect(slider("01 Kick, fader").getAttribute("aria-valuetext")).toBe("-3.2 dB");
  expect(slider("05 Guitar L, pan").getAttribute("aria-valuetext")).toBe("72 L");
  for (const element of [...screen.getAllByRole("slider"), ...screen.getAllByRole("spinbutton")]) {
    expect(element.getAttribute("aria-label")).toMatch(/^.+, .+/);
    expect(element.getAttribute("aria-valuetext")).toBeTruthy();
    expect(Number(element.getAttribute("aria-valuenow"))).not.toBeNaN();
  }
});

test("every button has a name", () => {
  show();
  for (const button of screen.getAllByRole("button")) {
    expect(button.getAttribute("aria-label") || button.textContent).toBeTruthy();
  }
});

test("of the strips only the selected one is in the order of tabs", () => {
  const desk = show();
  act(() => {
    desk.selected.value = 3;
  });
  const strips = [...document.querySelectorAll<HTMLElement>("[data-strip]")];
  const reached = strips.filter((strip) => strip.querySelector('[tabindex="0"]'));
  expect(reached.map((strip) => strip.dataset.strip)).toEqual(["3"]);
});

test("arrows move a fader by half a dB, with shift by a tenth, page keys by three", () => {
  const desk = show();
  act(() => desk.set(0, { [FADER]: 0 }));
  const fader = slider("01 Kick, fader");
  press(fader, "ArrowUp");
  expect(desk.value(0, FADER).value).toBe(0.5);
  press(fader, "ArrowDown", { shiftKey: true });
  expect(desk.value(0, FADER).value).toBeCloseTo(0.4, 9);
  press(fader, "PageDown");
  expect(desk.value(0, FADER).value).toBeCloseTo(-2.6, 9);
  press(fader, "End");
  expect(desk.value(0, FADER).value).toBe(12);
  press(fader, "Home");
  expect(desk.value(0, FADER).value).toBe(-60);
});

test("keys that follow each other are undone at once", () => {
  const desk = show();
  const before = desk.value(0, FADER).value;
  for (let count = 0; count < 5; count++) {
    press(slider("01 Kick, fader"), "ArrowUp");
  }
  act(() => desk.undo());
  expect(desk.value(0, FADER).value).toBe(before);
});

test("a fader follows the pointer from where it was grabbed, and comes to the other end after its whole way", () => {
  const desk = show();
  act(() => desk.set(0, { [FADER]: -60 }));
  drag(slider("01 Kick, fader"), TRAVEL_PX);
  expect(desk.value(0, FADER).value).toBe(12);
  act(() => desk.undo());
  expect(desk.value(0, FADER).value).toBe(-60);
});

test("with shift a drag goes a tenth of the way", () => {
  const desk = show();
  act(() => desk.set(0, { "panner.pan": 0 }));
  const knob = slider("01 Kick, pan");
  drag(knob, 40, 0, { shiftKey: true });
  const fine = desk.value(0, "panner.pan").value;
  act(() => desk.undo());
  drag(knob, 40);
  expect(desk.value(0, "panner.pan").value / fine).toBeCloseTo(10, 2);
});

test("another finger does not move what one holds", () => {
  const desk = show();
  const fader = slider("01 Kick, fader");
  const before = desk.value(0, FADER).value;
  fireEvent.pointerDown(fader, { pointerId: 1, button: 0, clientY: 100 });
  fireEvent.pointerMove(fader, { pointerId: 2, clientY: 0 });
  fireEvent.pointerMove(fader, { pointerId: 2, clientY: -90 });
  expect(desk.value(0, FADER).value).toBe(before);
});

test("a wheel turns a control, but one that goes sideways scrolls", () => {
  const desk = show();
  act(() => desk.set(0, { [FADER]: 0 }));
  const fader = slider("01 Kick, fader");
  act(() => void fireEvent.wheel(fader, { deltaY: -100 }));
  expect(desk.value(0, FADER).value).toBe(0.5);
  act(() => void fireEvent.wheel(fader, { deltaX: -100, shiftKey: true }));
  expect(desk.value(0, FADER).value).toBeCloseTo(0.6, 9);
  act(() => void fireEvent.wheel(fader, { deltaX: 100 }));
  expect(desk.value(0, FADER).value).toBeCloseTo(0.6, 9);
});

test("a double click takes a control back to the match", () => {
  const desk = show();
  const matched = desk.value(3, FADER).value;
  act(() => desk.set(3, { [FADER]: -40 }));
  act(() => void fireEvent.dblClick(slider("04 Bass DI, fader")));
  expect(desk.value(3, FADER).value).toBe(matched);
});

test("a typed number is set by Enter, and left by Escape", () => {
  const desk = show();
  const fader = slider("01 Kick, fader");
  for (const [text, key, expected] of [
    ["-7,25", "Enter", -7.25],
    ["3", "Escape", -7.25],
    ["loud", "Enter", -7.25],
  ] as const) {
    press(fader, "Enter");
    const field = screen.getByLabelText(/^01 Kick, fader, now/);
    act(() => {
      (field as HTMLInputElement).value = text;
      fireEvent.keyDown(field, { key });
    });
    expect(desk.value(0, FADER).value).toBe(expected);
    expect(screen.queryByLabelText(/, now/)).toBeNull();
  }
});

test("the menu of a control offers what it may go back to, and a lock", () => {
  const desk = show();
  act(() => desk.set(0, { [FADER]: -40 }));
  const open = () => act(() => void fireEvent.contextMenu(slider("01 Kick, fader"), { clientX: 5, clientY: 5 }));
  open();
  const menu = within(screen.getByRole("menu", { name: "01 Kick, fader" }));
  expect(menu.getAllByRole("menuitem").map((item) => item.firstChild?.textContent)).toEqual([
    "Matched",
    "Neutral",
    "Default",
    "Type a value",
    "Lock",
  ]);
  act(() => menu.getByRole("menuitem", { name: "Lock" }).click());
  expect(desk.locked(0, FADER).value).toBe(true);
  expect(slider("01 Kick, fader").getAttribute("aria-valuetext")).toBe("-40.0 dB, locked");
  open();
  act(() => screen.getByRole("menuitem", { name: /Default/ }).click());
  expect(desk.value(0, FADER).value).toBe(0);
});

test("left and right go to the same control of the next strip, in the order that is shown", () => {
  const desk = show();
  slider("01 Kick, fader").focus();
  press(slider("01 Kick, fader"), "ArrowRight");
  expect(document.activeElement).toBe(slider("02 Snare, fader"));
  expect(desk.selected.value).toBe(1);
  press(slider("02 Snare, fader"), "ArrowLeft");
  expect(document.activeElement).toBe(slider("01 Kick, fader"));
});

test("M, S and Shift+L mute, solo and lock the selected strip", () => {
  const desk = show();
  press(document.body, "m");
  expect(desk.track(0).value?.mute).toBe(true);
  expect(screen.getByRole("button", { name: "Mute 01 Kick" }).getAttribute("aria-pressed")).toBe("true");
  press(document.body, "s");
  expect([...desk.solos.value]).toEqual([0]);
  press(document.body, "L", { shiftKey: true });
  expect(desk.mix.value.tracks[0].locks).toEqual(["*"]);
});

test("a padlock shows what is locked in part", () => {
  const desk = show();
  act(() => desk.lock(0, "eq.peak_1.q", true));
  const lock = (name: string) => screen.getByRole("button", { name: `Lock ${name}` });
  expect(lock("01 Kick, equalizer").getAttribute("aria-pressed")).toBe("mixed");
  act(() => lock("01 Kick, equalizer").click());
  expect(desk.mix.value.tracks[0].locks).toEqual(["eq.*"]);
  expect(lock("01 Kick, all controls").getAttribute("aria-pressed")).toBe("mixed");
});

test("a name is typed over, and may be left as it was", () => {
  const desk = show();
  const rename = (text: string, key: string) => {
    act(() => void fireEvent.dblClick(screen.getAllByRole("button", { name: desk.name(0).value })[0]));
    const field = screen.getByLabelText(/^Name of/) as HTMLInputElement;
    act(() => {
      field.value = text;
      fireEvent.keyDown(field, { key });
    });
  };
  rename("Big kick", "Enter");
  expect(desk.name(0).value).toBe("Big kick");
  rename("Nothing", "Escape");
  expect(desk.name(0).value).toBe("Big kick");
});

test("the role of a track is chosen from those that the server knows", () => {
  const desk = show();
  const choice = screen.getByLabelText(/^role/i);
  act(() => void fireEvent.change(choice, { target: { value: "snare" } }));
  expect(desk.track(0).value).toMatchObject({ role: "snare", role_from: "user" });
});

test("the return of the reverb moves all its bands, and gives back what it held at the end of a range", () => {
  const desk = show();
  const before = desk.mix.value.fx;
  drag(slider("Reverb, return"), -1000);
  expect(desk.value("fx", "reverb.1khz.gain_db").value).toBe(-40);
  act(() => desk.undo());
  expect(desk.mix.value.fx).toEqual(before);
});

test("the layout with the published controls is drawn from its own declarations", () => {
  show(new Desk(paperMix(), layouts, { delivery }));
  expect(slider("01 Kick, input gain").getAttribute("aria-valuemin")).toBe("-48");
  expect(screen.queryByRole("slider", { name: "01 Kick, fader" })).toBeNull();
  expect(
    screen.getAllByRole("spinbutton", { name: "01 Kick, peak 4 frequency" })[0].getAttribute("aria-valuemax"),
  ).toBe("21050");
});

test("in the place of a desk another one is drawn as it is: with its own tracks, in their own colours", () => {
  const mix = exampleMix();
  const [kick, ...others] = mix.tracks;
  const { rerender, container } = render(<DeskView desk={new Desk(mix, layouts, { roles, delivery })} engine={null} />);
  const shown = () => [...container.querySelectorAll<HTMLElement>(".desk-tracks .strip")];
  expect(shown()).toHaveLength(mix.tracks.length);
  const fewer = { ...mix, tracks: [{ ...kick, role: "bass", group: "" }, ...others.slice(1)] };
  rerender(<DeskView desk={new Desk(fewer, layouts, { roles, delivery })} engine={null} />);
  expect(shown()).toHaveLength(mix.tracks.length - 1);
  expect(shown()[0].className).toContain("family-bass");
});
