/** What the server of the page answers and tells: made of its OpenAPI (`npm run types`), but for what that leaves out. */

import type { MixDocument, Values } from "../model/types";
import type { components } from "./schema";

type Schemas = components["schemas"];

/** Answers leave nothing out, also what has a default. */
type Whole<T> = T extends object ? { [Key in keyof T]-?: Whole<T[Key]> } : T;

export type About = Whole<Schemas["About"]>;
export type Stem = Whole<Schemas["Stem"]>;
export type Reference = Whole<Schemas["Reference"]>;
export type AnalysisWindow = Whole<Schemas["Window"]>;
export type Session = Whole<Schemas["SessionDetail"]>;
/** A session in the list. */
export type SessionSummary = Whole<Schemas["SessionSummary"]>;
export type SessionChange = Schemas["SessionPatch"];
/** The outline of a stretch of audio: one entry per point. */
export type Peaks = Whole<Schemas["Peaks"]>;
export type PastMix = Whole<Schemas["PastMix"]>;
/** What was made so far, and where it lies on the machine of the server. */
export type OutputFiles = Whole<Schemas["Files"]>;

export interface SavedMix {
  revision: number;
  mix: MixDocument;
}

export interface SourceInfo {
  rows: number;
  frames: number;
  sample_rate: number;
}

export type Job = Whole<Schemas["Job"]>;
export type JobKind = Job["kind"];
export type JobState = Job["state"];

export interface DistanceStep {
  type: "distance";
  job: string;
  stage: "master" | "tracks";
  step: number;
  total: number;
  best: number;
  terms: Values;
}

export interface DeliveryEvent {
  type: "delivery";
  revision: number;
  gain_db: number;
  trim_db: number;
  limited: boolean;
  limiting_db: number;
  /** Null of silence. */
  loudness_lufs: number | null;
  true_peak_dbtp: number | null;
  target_lufs: number | null;
}

export type ServerEvent =
  | { type: "job"; job: Job }
  | DistanceStep
  | { type: "mix"; revision: number; origin: string; kept?: string[] }
  | { type: "session" }
  | DeliveryEvent
  | { type: "prepared"; source: string };

/** What was measured of a mix; levels are against its own loudness, which is 0 LU. */
export type Sound = Whole<Schemas["Sound"]>;

/** Sounds by name: `before`, `after`, and every `reference-<id>`, as far as they are known. */
export type Pictures = Omit<Whole<Schemas["Pictures"]>, "sounds"> & {
  sounds: Record<string, Sound & Record<string, unknown>>;
};
