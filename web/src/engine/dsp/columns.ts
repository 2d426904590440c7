/** Where the controls of a strip stand in a vector: derived from the declared names, as in diffmst/layout.py. */

import type { EffectDeclaration, Values } from "../../model/types";

/** The controls of one section by their dotted names, `eq.low_shelf.gain_db`, in order. */
export interface Controls {
  names: string[];
  /** Whether the control is a ratio to the ear, and so moves evenly in its logarithm. */
  geometric: boolean[];
  defaults: number[];
}

export interface EqualizerColumns {
  gain: number[];
  freq: number[];
  q: number[];
}

export interface CompressorColumns {
  threshold: number;
  ratio: number;
  attack: number;
  release: number;
  knee: number;
  makeup: number;
}

/** Column of every control of a strip; -1 for an effect that the section lacks. */
export interface StripColumns {
  input: number;
  equalizer: EqualizerColumns;
  compressor: CompressorColumns;
  pan: number;
  width: number;
  fader: number;
  send: number;
}

export function controlsOf(effects: readonly EffectDeclaration[]): Controls {
  const params = effects.flatMap((effect) => effect.params);
  return {
    names: params.map((param) => param.name),
    geometric: params.map((param) => param.scale === "log"),
    defaults: params.map((param) => param.default),
  };
}

/** Settings by name as a vector; what is left out is at its default. Throws on a control that there is not. */
export function vectorOf(controls: Controls, values: Values): number[] {
  const vector = [...controls.defaults];
  for (const [name, value] of Object.entries(values)) {
    vector[columnOf(controls, name)] = value;
  }
  return vector;
}

/** The column of a control by its name. Throws where there is none. */
export function columnOf(controls: Controls, name: string): number {
  const column = controls.names.indexOf(name);
  if (column < 0) {
    throw new Error(`there is no control "${name}"`);
  }
  return column;
}

export function stripColumns(names: readonly string[]): StripColumns {
  const at = (name: string) => names.indexOf(name);
  const bands = (keyword: string) =>
    names.flatMap((name, column) => (name.startsWith("eq.") && name.endsWith(`.${keyword}`) ? [column] : []));
  return {
    input: at("input.gain_db"),
    equalizer: { gain: bands("gain_db"), freq: bands("freq_hz"), q: bands("q") },
    compressor: {
      threshold: at("compressor.threshold_db"),
      ratio: at("compressor.ratio"),
      attack: at("compressor.attack_ms"),
      release: at("compressor.release_ms"),
      knee: at("compressor.knee_db"),
      makeup: at("compressor.makeup_db"),
    },
    pan: at("panner.pan"),
    width: at("image.width"),
    fader: at("fader.gain_db"),
    send: at("send.gain_db"),
  };
}
