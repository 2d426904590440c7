import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test } from "vitest";
import { delivery, exampleMix, layouts, pretendLayout, roles } from "../../test/desk-fixtures";
import { Desk } from "../model/desk";
import type { LayoutDeclaration, Param, SectionName } from "../model/types";
import { DeskView } from "./desk-view";

beforeEach(() => pretendLayout());
afterEach(cleanup);

const param = (name: string, change: Partial<Param> = {}): Param => ({
  name,
  unit: "dB",
  low: -6,
  high: 18,
  default: 3,
  scale: "linear",
  about: "",
  ...change,
});

/** The default layout with more controls in an effect, which may be new to it. */
function declaring(section: SectionName, effect: string, ...params: Param[]): Desk {
  const changed: LayoutDeclaration = structuredClone(layouts[0]);
  const effects = changed.sections[section];
  const known = effects.find(({ name }) => name === effect);
  if (known) {
    known.params.push(...params);
  } else {
    effects.push({ name: effect, params });
  }
  const desk = new Desk(exampleMix(), [changed], { roles, delivery });
  if (section !== "track") {
    desk.selected.value = section;
  }
  render(<DeskView desk={desk} engine={null} />);
  return desk;
}

test("a new control of a known effect is drawn with its name, range, unit, default and padlock", () => {
  const desk = declaring("track", "compressor", param("compressor.drive_db"));
  const panel = within(screen.getByRole("region", { name: "01 Kick, compressor" }));
  const knob = panel.getByRole("slider", { name: "01 Kick, drive" });
  expect(knob.getAttribute("aria-valuemin")).toBe("-6");
  expect(knob.getAttribute("aria-valuemax")).toBe("18");
  expect(knob.getAttribute("aria-valuetext")).toBe("+3.0 dB");
  act(() => void fireEvent.keyDown(knob, { key: "ArrowUp" }));
  expect(desk.mix.value.tracks[0].settings["compressor.drive_db"]).toBe(3.5);
  act(() => panel.getByRole("button", { name: "Lock 01 Kick, drive" }).click());
  expect(desk.mix.value.tracks[0].locks).toContain("compressor.drive_db");
});

test("a new band of the equalizer has a handle and its figures", () => {
  const at = (part: string, change: Partial<Param>) => param(`eq.peak_9.${part}`, change);
  declaring(
    "track",
    "eq",
    at("gain_db", { low: -12, high: 12, default: 0 }),
    at("freq_hz", { unit: "Hz", low: 100, high: 9000, default: 900, scale: "log" }),
    at("q", { unit: "", low: 0.1, high: 6, default: 1, scale: "log" }),
  );
  expect(screen.getByRole("slider", { name: "01 Kick, EQ peak 9" }).getAttribute("aria-valuetext")).toBe(
    "0.0 dB at 900 Hz, Q 1.00",
  );
  expect(screen.getByRole("spinbutton", { name: "01 Kick, peak 9 frequency" })).toBeTruthy();
});

test("what a band has beside gain, frequency and Q stands with its figures", () => {
  declaring("track", "eq", param("eq.peak_1.drive_db"));
  expect(screen.getByRole("spinbutton", { name: "01 Kick, peak 1 drive" }).textContent).toBe("+3.0 dB");
});

test("what an equalizer or a reverb has beside its bands is a knob", () => {
  declaring("fx", "reverb", param("reverb.predelay_ms", { unit: "ms", low: 1, high: 80, default: 20, scale: "log" }));
  const panel = within(screen.getByRole("region", { name: "Reverb, reverb" }));
  expect(panel.getByRole("slider", { name: "Reverb, predelay" }).getAttribute("aria-valuetext")).toBe("20.0 ms");
  expect(panel.getByRole("slider", { name: "Reverb, mix" })).toBeTruthy();
});

test.each(["track", "fx", "master"] as const)(
  "an effect that the page does not know has its knobs on the %s",
  (section) => {
    declaring(section, "saturation", param("saturation.drive_db"));
    expect(screen.getAllByRole("slider", { name: /, drive$/ })).toHaveLength(1);
  },
);

test("a layout without an equalizer has no panel for one", () => {
  const bare: LayoutDeclaration = structuredClone(layouts[0]);
  bare.sections.track = bare.sections.track.filter(({ name }) => name !== "eq");
  render(<DeskView desk={new Desk(exampleMix(), [bare], { roles, delivery })} engine={null} />);
  expect(screen.queryByRole("region", { name: "01 Kick, equalizer" })).toBeNull();
  expect(screen.getByRole("region", { name: "01 Kick, compressor" })).toBeTruthy();
});
