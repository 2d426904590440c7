/** What the tests of the desk stand on: made by `make_fixtures.py` from the Python package. */

import { Desk, type DeskOptions } from "../src/model/desk";
import type { LayoutDeclaration, MixDocument, Param } from "../src/model/types";
import deliveryJson from "./fixtures/delivery.json";
import layoutsJson from "./fixtures/layouts.json";
import mixJson from "./fixtures/mix.json";
import rolesJson from "./fixtures/roles.json";

export const layouts = layoutsJson as LayoutDeclaration[];
export const roles = rolesJson;
export const delivery = deliveryJson as Param[];

export function exampleMix(): MixDocument {
  return structuredClone(mixJson) as unknown as MixDocument;
}

export function exampleDesk(options: DeskOptions = {}): Desk {
  return new Desk(exampleMix(), layouts, { roles, delivery, ...options });
}

/** A document of the layout with the published controls, nothing moved. */
export function paperMix(): MixDocument {
  const mix = exampleMix();
  const bare = { settings: {}, ends: null, locks: [] };
  return {
    ...mix,
    layout: "paper",
    tracks: mix.tracks.map((track) => ({ ...track, ...bare })),
    fx: {},
    fx_ends: null,
    master: {},
    master_ends: null,
  };
}

/** jsdom measures nothing and draws nothing: elements get a size, canvases stay empty. */
export function pretendLayout(width = 600, height = 228): void {
  for (const [name, value] of [
    ["clientWidth", width],
    ["clientHeight", height],
  ] as const) {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => value });
  }
  HTMLCanvasElement.prototype.getContext = () => null;
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
}
