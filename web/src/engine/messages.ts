/** What page, feeder and audio thread tell each other. */

import type { Source } from "../model/types";
import type { Controls } from "./dsp/columns";
import type { DeliveryGains } from "./dsp/master";
import type { Playhead } from "./stream/timeline";
import type { SourceGainsDb, StreamInfo } from "./types";

export const CONSOLE = "diffmst-console";
export const MASTER = "diffmst-master";

/** Streams that are played along with the song; a lane by its place. */
export const LANES = ["song", "before", "reference"] as const;
export type LaneName = (typeof LANES)[number];

/** Values of some controls of a strip, by column. */
export interface Change {
  columns: number[];
  values: number[];
}

export interface ConsoleOptions {
  controls: Controls;
  values: number[][];
  channels: number[];
  heard: boolean[];
  streams: Record<LaneName, Omit<StreamInfo, "url"> | null>;
}

/** Page to console: what plays, and where. */
export type Transport =
  | { type: "play"; serial: number }
  | { type: "pause"; serial: number }
  | { type: "seek"; frame: number; serial: number }
  | { type: "loop"; range: readonly [number, number] | null }
  | { type: "offset"; frames: number };

/** Page to console. */
export type ToConsole =
  | Transport
  | { type: "feeder"; port: MessagePort }
  | ({ type: "set"; track: number } & Change)
  | { type: "heard"; heard: boolean[] }
  | { type: "listen"; source: Source }
  | ({ type: "tap" } & Tap)
  /** Answered at once by a report. */
  | { type: "ping" };

/** Which strip or bus of the console is listened to for drawing, and where. */
export interface Tap {
  strip: number | "send" | "bus" | null;
  where: "input" | "output";
}

/** Of every track: peak left and right, energy left and right, reduction in dB. */
export const LEVELS_PER_TRACK = 5;

/** Where the audio thread is, and what it needed to come there. */
export interface Work {
  /** Time spent, ms, and that of the audio made in it. */
  busyMs: number;
  audioMs: number;
}

/** Console to page, some 30 times a second. */
export interface ConsoleReport extends Work {
  type: "console";
  /** Of the last command to play, pause or seek that it followed. */
  serial: number;
  /** Frame of the song that comes next, and of the context when that is. */
  frame: number;
  at: number;
  playing: boolean;
  waiting: boolean;
  dropouts: number;
  /** Samples that the levels are of. */
  samples: number;
  levels: Float64Array;
}

export interface MasterOptions {
  controls: Controls;
  values: number[];
  reverbMix: number;
  delivery: DeliveryGains;
  source: Source;
  gainsDb: SourceGainsDb;
}

/** Page to master. */
export type ToMaster =
  | ({ type: "set" } & Change)
  | { type: "reverbMix"; amount: number }
  | { type: "deliver"; delivery: DeliveryGains }
  | { type: "listen"; source: Source }
  | { type: "gains"; gainsDb: SourceGainsDb }
  | { type: "tap"; what: "return" | "output" | null }
  | { type: "forget" };

/** Peaks, energies and the rest of one row pair since the last report. */
export interface PairLevels {
  peakLeft: number;
  peakRight: number;
  energyLeft: number;
  energyRight: number;
}

/** Master to page, as often as the console. */
export interface MasterReport extends Work {
  type: "master";
  samples: number;
  fx: PairLevels;
  master: PairLevels;
  reductionDb: number;
  limitingDb: number;
  momentaryLufs: number;
  shortTermLufs: number;
}

/** Page to feeder. */
export interface FeederStart {
  type: "start";
  port: MessagePort;
  streams: Record<LaneName, StreamInfo | null>;
  aheadFrames: number;
}

/** Page to feeder: another stream on a lane, or none. */
export interface FeederStream {
  type: "stream";
  lane: number;
  stream: StreamInfo | null;
}

/** Feeder to page. */
export interface FeederTrouble {
  type: "trouble";
  /** In words; null when it is over. */
  message: string | null;
}

/** Console to feeder: where it is. */
export interface Progress {
  type: "progress";
  head: Playhead;
  offset: number;
}

/**
 * Console to feeder: blocks that it needs no longer, to become garbage where collecting it holds up no audio. To free
 * them at once by `ArrayBuffer.transfer(0)` leaks all of them in Chromium 156.
 */
export interface Returned {
  type: "returned";
  audio: Float32Array[];
}

/** Console to feeder: a block has arrived. */
export interface Fed {
  type: "fed";
  lane: number;
  index: number;
}

export type ToFeeder = Progress | Returned | Fed;

/** Feeder to console. */
export type FromFeeder =
  | { type: "block"; lane: number; index: number; audio: Float32Array }
  /** Blocks from here on are of another stream, of so many frames. */
  | { type: "stream"; lane: number; frames: number }
  | { type: "drop"; lane: number; indexes: number[] };
