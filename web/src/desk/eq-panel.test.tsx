import { act, cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleDesk, pretendLayout } from "../../test/desk-fixtures";
import type { Desk } from "../model/desk";
import { DeskView } from "./desk-view";
import { dbOf, hzOf, type Plot, xOf, yOf } from "./eq-plot";

const SIZE = { width: 600, height: 240 };
const PLOT: Plot = { size: SIZE, edgeDb: 12 * 1.3 };
const BAND = "01 Kick, EQ peak 2";
const [GAIN, FREQ, Q] = ["gain_db", "freq_hz", "q"].map((part) => `eq.peak_2.${part}`);

beforeEach(() => pretendLayout(SIZE.width, SIZE.height));
afterEach(cleanup);

function show(): Desk {
  const desk = exampleDesk();
  desk.set(0, { [GAIN]: 0, [FREQ]: 500, [Q]: 1 });
  render(<DeskView desk={desk} engine={null} />);
  return desk;
}

const handle = () => screen.getByRole("slider", { name: BAND });
const press = (key: string, options = {}) => act(() => void fireEvent.keyDown(handle(), { key, ...options }));

test("pixels and values belong together", () => {
  for (const hz of [20, 440, 20_000]) {
    expect(hzOf(PLOT, xOf(PLOT, hz))).toBeCloseTo(hz, 9);
  }
  expect(xOf(PLOT, Math.sqrt(20 * 20_000))).toBeCloseTo(SIZE.width / 2, 9);
  expect(dbOf(PLOT, yOf(PLOT, -7.5))).toBeCloseTo(-7.5, 9);
  expect(yOf(PLOT, 0)).toBe(SIZE.height / 2);
});

test("a band goes where it is dragged to: an octave to the right and 6 dB up", () => {
  const desk = show();
  const right = xOf(PLOT, 1000) - xOf(PLOT, 500);
  const up = yOf(PLOT, 0) - yOf(PLOT, 6);
  const pointer = { pointerId: 1, button: 0 };
  act(() => {
    fireEvent.pointerDown(handle(), { ...pointer, clientX: 10, clientY: 10 });
    fireEvent.pointerMove(handle(), { ...pointer, clientX: 14, clientY: 10 });
    fireEvent.pointerMove(handle(), { ...pointer, clientX: 14 + right, clientY: 10 - up });
    fireEvent.pointerUp(handle(), { ...pointer, clientX: 14 + right, clientY: 10 - up });
  });
  expect(desk.value(0, FREQ).value).toBeCloseTo(1000, 0);
  expect(desk.value(0, GAIN).value).toBeCloseTo(6, 2);
  expect(desk.undoes.value).toBe("01 Kick: peak 2");
  act(() => desk.undo());
  expect([desk.value(0, FREQ).value, desk.value(0, GAIN).value]).toEqual([500, 0]);
});

test("a band that is dragged out of its range comes back with the pointer", () => {
  const desk = show();
  const pointer = { pointerId: 1, button: 0, clientX: 0 };
  act(() => {
    fireEvent.pointerDown(handle(), { ...pointer, clientY: 100 });
    fireEvent.pointerMove(handle(), { ...pointer, clientY: 104 });
    fireEvent.pointerMove(handle(), { ...pointer, clientY: -9000 });
  });
  expect(desk.value(0, GAIN).value).toBe(12);
  act(() => {
    fireEvent.pointerMove(handle(), { ...pointer, clientY: 104 });
    fireEvent.pointerUp(handle(), { ...pointer, clientY: 104 });
  });
  expect(desk.value(0, GAIN).value).toBeCloseTo(0, 3);
});

test("the wheel narrows and widens the band that was pointed at", () => {
  const desk = show();
  act(() => {
    fireEvent.pointerEnter(handle());
    fireEvent.wheel(handle(), { deltaY: -100 });
  });
  expect(desk.value(0, Q).value).toBeGreaterThan(1);
  act(() => void fireEvent.wheel(handle(), { deltaY: 200 }));
  expect(desk.value(0, Q).value).toBeLessThan(1);
});

test("arrows move gain and frequency, plus and minus the Q", () => {
  const desk = show();
  press("ArrowUp");
  press("ArrowUp", { shiftKey: true });
  expect(desk.value(0, GAIN).value).toBeCloseTo(0.6, 9);
  press("ArrowRight");
  expect(desk.value(0, FREQ).value).toBeGreaterThan(500);
  press("-");
  expect(desk.value(0, Q).value).toBeLessThan(1);
});

test("a double click takes all of a band back to the match", () => {
  const desk = exampleDesk();
  const matched = [GAIN, FREQ, Q].map((control) => desk.value(0, control).value);
  desk.set(0, { [GAIN]: 3, [FREQ]: 700, [Q]: 4 });
  render(<DeskView desk={desk} engine={null} />);
  act(() => void fireEvent.dblClick(handle()));
  expect([GAIN, FREQ, Q].map((control) => desk.value(0, control).value)).toEqual(matched);
});

test("a handle says its band, gain, frequency and Q", () => {
  show();
  expect(handle().getAttribute("aria-valuetext")).toBe("0.0 dB at 500 Hz, Q 1.00");
});

test("every field of a band takes a typed value", () => {
  const desk = show();
  act(
    () =>
      void fireEvent.keyDown(screen.getByRole("spinbutton", { name: "01 Kick, peak 2 frequency" }), { key: "Enter" }),
  );
  const field = screen.getByLabelText(/^01 Kick, peak 2 frequency, now/) as HTMLInputElement;
  act(() => {
    field.value = "1.2k";
    fireEvent.keyDown(field, { key: "Enter" });
  });
  expect(desk.value(0, FREQ).value).toBe(1200);
});
