/** The keys of the desk: between strips with the arrows, and what they do to the strip that is selected. */

import type { Desk } from "../model/desk";
import type { Strip } from "../model/types";
import { type PlacedStrip, placedStrips } from "./strip-order";

/** All strips from left to right. */
function stripsInOrder(desk: Desk): Strip[] {
  return [...placedStrips(desk.mix.peek().tracks).map(({ track }: PlacedStrip) => track), "fx", "master"];
}

const SIDES: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };

/** Left and right go to the same control of the next strip, Home and End to the first and the last one. */
export function onStripKey(event: KeyboardEvent, desk: Desk, root: HTMLElement): void {
  const from = event.target instanceof HTMLElement ? event.target : null;
  if (event.ctrlKey || event.metaKey || event.altKey || from instanceof HTMLInputElement) {
    return;
  }
  const strips = stripsInOrder(desk);
  const at = strips.indexOf(desk.selected.peek());
  const side = SIDES[event.key];
  const to = side ? at + side : event.key === "Home" ? 0 : event.key === "End" ? strips.length - 1 : -1;
  const strip = strips[to];
  if (strip !== undefined) {
    event.preventDefault();
    event.stopPropagation();
    desk.selected.value = strip;
    focusStrip(root, strip, stopOf(from));
  }
}

/** Which control of a strip an element belongs to. */
function stopOf(element: HTMLElement | null): string {
  return element?.closest<HTMLElement>("[data-stop]")?.dataset.stop ?? "name";
}

const FOCUSABLE = "[role=slider], [role=spinbutton], button";

export function focusStrip(root: HTMLElement, strip: Strip, stop = "name"): void {
  const section = root.querySelector<HTMLElement>(`[data-strip="${strip}"]`);
  const found =
    section?.querySelector<HTMLElement>(`[data-stop="${stop}"]`) ?? section?.querySelector<HTMLElement>("[data-stop]");
  const element = found?.matches(FOCUSABLE)
    ? found
    : found?.querySelector<HTMLElement>("[role=slider], [role=spinbutton]");
  element?.focus({ preventScroll: true });
  section?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
}

export function muteSelected(desk: Desk): void {
  const strip = desk.selected.peek();
  if (typeof strip === "number") {
    desk.mute(strip, !desk.track(strip).peek()?.mute);
  }
}

export function soloSelected(desk: Desk): void {
  const strip = desk.selected.peek();
  if (typeof strip === "number") {
    desk.solo(strip, !desk.solos.peek().has(strip));
  }
}

export function lockSelected(desk: Desk): void {
  const strip = desk.selected.peek();
  const all = [...desk.console.peek().section(strip).params.keys()];
  desk.lock(strip, "*", desk.lockState(strip, all) !== "all");
}

/** Selects the strip beside the one that is selected. */
export function selectBeside(desk: Desk, side: number): Strip {
  const strips = stripsInOrder(desk);
  const at = strips.indexOf(desk.selected.peek()) + side;
  desk.selected.value = strips[Math.min(Math.max(at, 0), strips.length - 1)];
  return desk.selected.peek();
}
