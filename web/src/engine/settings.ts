/** A mix document as the audio thread takes it: vectors of controls, and what is heard. */

import type { LayoutDeclaration, MixDocument, Values } from "../model/types";
import { type Controls, columnOf, controlsOf, vectorOf } from "./dsp/columns";
import type { Change } from "./messages";
import type { Delivery, SourceGainsDb } from "./types";

/** Controls of all sections. */
export interface Sections {
  track: Controls;
  fx: Controls;
  master: Controls;
}

export const REVERB_MIX = "reverb.mix";

/** Until the server has measured the mix: as loud as it comes, but never over the ceiling. */
export function undelivered(mix: MixDocument): Delivery {
  return { gainDb: 0, trimDb: 0, limited: true, ceilingDbtp: mix.render.ceiling_dbtp };
}

export const EQUAL_GAINS: SourceGainsDb = { mix: 0, before: 0, reference: 0 };

export function sectionsOf(layout: LayoutDeclaration): Sections {
  const { track, fx, master } = layout.sections;
  return { track: controlsOf(track), fx: controlsOf(fx), master: controlsOf(master) };
}

/** Settings with those left out at their defaults. */
export function spelledOut(controls: Controls, values: Values): Values {
  return Object.fromEntries(controls.names.map((name, column) => [name, values[name] ?? controls.defaults[column]]));
}

export function trackVectors(sections: Sections, mix: MixDocument): number[][] {
  return mix.tracks.map((track) => vectorOf(sections.track, track.settings));
}

/** Settings of a strip for the audio thread, which knows them by column. */
export function changeOf(controls: Controls, values: Values): Change {
  const names = Object.keys(values);
  return { columns: names.map((name) => columnOf(controls, name)), values: names.map((name) => values[name]) };
}

/** Throws unless the audio of the song has a row for every channel of the document. */
export function checkRows(rows: number, mix: MixDocument): void {
  const channels = mix.tracks.reduce((sum, track) => sum + track.channels, 0);
  if (rows !== channels) {
    throw new Error(`the song has ${rows} rows of audio, the tracks of the mix have ${channels} channels`);
  }
}
