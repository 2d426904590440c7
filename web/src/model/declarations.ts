/** The console's controls, as the server declares them: everything that is drawn comes from here. */

import type { EffectDeclaration, LayoutDeclaration, MixDocument, Param, SectionName, Strip, Values } from "./types";

/** A chain of effects and their controls by dotted name: see `Section` in diffmst/layout.py. */
export class Section {
  readonly params: ReadonlyMap<string, Param>;
  readonly defaults: Readonly<Values>;

  constructor(readonly effects: readonly EffectDeclaration[]) {
    const params = effects.flatMap((effect) => effect.params);
    this.params = new Map(params.map((param) => [param.name, param]));
    this.defaults = Object.fromEntries(params.map((param) => [param.name, param.default]));
  }

  param(control: string): Param {
    const param = this.params.get(control);
    if (!param) {
      throw new Error(`there is no control ${control}`);
    }
    return param;
  }

  has(control: string): boolean {
    return this.params.has(control);
  }

  effect(name: string): EffectDeclaration | undefined {
    return this.effects.find((effect) => effect.name === name);
  }

  /** The control that sets the level of a strip: its fader, or where a layout has none the gain at its input. */
  get level(): Param | undefined {
    return this.params.get("fader.gain_db") ?? this.params.get("input.gain_db");
  }

  /** The bands of an effect, in order: `low_shelf`, `peak_1`, ... */
  bands(effect: string): string[] {
    const params = this.effect(effect)?.params ?? [];
    const parts = params.map((param) => param.name.split("."));
    return [...new Set(parts.filter((part) => part.length > 2).map((part) => part[1]))];
  }
}

/** The sections of one layout. */
export class Console {
  readonly track: Section;
  readonly fx: Section;
  readonly master: Section;

  constructor(readonly layout: LayoutDeclaration) {
    const { track, fx, master } = layout.sections;
    this.track = new Section(track);
    this.fx = new Section(fx);
    this.master = new Section(master);
  }

  section(strip: Strip): Section {
    return this[sectionName(strip)];
  }
}

function sectionName(strip: Strip): SectionName {
  return typeof strip === "number" ? "track" : strip;
}

/** The console that a document is for. */
export function consoleOf(layouts: readonly LayoutDeclaration[], mix: MixDocument): Console {
  const layout = layouts.find(({ name }) => name === mix.layout);
  if (!layout) {
    throw new Error(`the server does not declare the layout ${mix.layout}`);
  }
  return new Console(layout);
}

/** The effect of a control: `eq` of `eq.low_shelf.gain_db`. */
export function effectName(control: string): string {
  return control.slice(0, control.indexOf("."));
}
