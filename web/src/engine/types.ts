/** What the page asks of the live console, and what it is told. */

import type { MixDocument, Source, Strip, Values } from "../model/types";

/** Audio that the server streams as float32, planar, in blocks: see `GET /api/sessions/{id}/audio/{source}`. */
export interface StreamInfo {
  url: string;
  rows: number;
  frames: number;
  /** Another one: other audio at the same address. */
  version?: number;
}

export interface SongInfo {
  sampleRate: number;
  song: StreamInfo;
  before: StreamInfo | null;
  reference: StreamInfo | null;
  /** The impulse response of the reverb for settings of the fx section: `POST`, float32 planar [2, taps]. */
  responseUrl: string;
}

/** What runs along with the song, to be compared with the mix. */
export type Accompaniment = Pick<SongInfo, "before" | "reference">;

/** How a mix leaves the master bus; measured by the server over the whole song. */
export interface Delivery {
  gainDb: number;
  trimDb: number;
  limited: boolean;
  ceilingDbtp: number;
}

/** Gains that make the sources equally loud while they are compared. */
export type SourceGainsDb = Record<Source, number>;

/** Levels since the last frame: peaks in dBFS behind fader and pan, -Infinity for silence. */
export interface MeterFrame {
  frame: number;
  tracks: { peakDb: [number, number]; rmsDb: number; reductionDb: number }[];
  fx: { peakDb: [number, number]; rmsDb: number };
  master: {
    peakDb: [number, number];
    rmsDb: number;
    reductionDb: number;
    limitingDb: number;
    momentaryLufs: number;
    shortTermLufs: number;
  };
}

export interface EngineState {
  playing: boolean;
  /** Position in the song, in frames, as it is heard now. */
  frame: number;
  source: Source;
  loop: [number, number] | null;
  /** Times that audio did not come in time since the page was opened. */
  dropouts: number;
  /** Share of the time that the console needs, 0 .. 1, or null before it is known. */
  load: number | null;
  /** Whether playing waits for audio to come. */
  waiting: boolean;
  /** Why there is no audio, or not the reverb that was asked for: a line for the user; null when all is well. */
  trouble: string | null;
}

/** What one strip sounds like, until it is ended. */
export interface Watch {
  readonly analyser: AnalyserNode;
  end(): void;
}

export interface Engine {
  readonly context: AudioContext;
  readonly state: EngineState;
  /** Called at most once per animation frame, with what changed. */
  onState(listener: (state: EngineState) => void): () => void;
  onMeters(listener: (frame: MeterFrame) => void): () => void;
  play(): Promise<void>;
  pause(): void;
  seek(frame: number): void;
  loop(range: [number, number] | null): void;
  listen(source: Source): void;
  /** Other audio along the song, or none, while it plays on. */
  accompany(streams: Accompaniment): void;
  /** The frame of the reference that is heard together with frame 0 of the song; it repeats. */
  referenceAt(frame: number): void;
  /** All settings at once: another document, undo. */
  load(mix: MixDocument): void;
  /** Some settings of one strip, heard within 50 ms; without clicks. */
  set(strip: Strip, values: Values): void;
  mute(track: number, muted: boolean): void;
  /** Tracks that are heard alone; none for all. */
  solo(tracks: readonly number[]): void;
  deliver(delivery: Delivery): void;
  gains(gains: SourceGainsDb): void;
  /** A spectrum of a strip, before or behind its effects, for drawing; it takes the place of that watched before. */
  watch(strip: Strip, where: "input" | "output"): Watch;
  close(): Promise<void>;
}
