/** The mix document and the declarations of its controls, as the server has them. */

export type Scale = "linear" | "log" | "amplitude" | "rate";

/** One control, declared by the console: see `Param` in diffmst/params.py. */
export interface Param {
  /** Dotted name within its section, `eq.low_shelf.gain_db`. */
  name: string;
  unit: string;
  low: number;
  high: number;
  default: number;
  scale: Scale;
  about: string;
}

export interface EffectDeclaration {
  name: string;
  params: Param[];
}

export type SectionName = "track" | "fx" | "master";

/** Effects of each section in the order of the signal. */
export interface LayoutDeclaration {
  name: "default" | "paper";
  sections: Record<SectionName, EffectDeclaration[]>;
}

/** Settings by dotted name, in physical units. */
export type Values = Record<string, number>;

export interface Ends {
  neutral: Values;
  matched: Values;
}

export interface TrackMix {
  name: string;
  path: string;
  sha256: string;
  channels: 1 | 2;
  role: string;
  role_from: "" | "name" | "ear" | "user" | "sidecar";
  role_confidence: number;
  group: string;
  mute: boolean;
  note: string | null;
  settings: Values;
  locks: string[];
  ends: Ends | null;
}

export const ASPECTS = ["level", "tone", "dynamics", "width", "space"] as const;
export type Aspect = (typeof ASPECTS)[number];
export type Amounts = Record<"overall" | Aspect, number>;

export interface ReferenceMix {
  path: string;
  sha256: string;
  loudness_lufs: number;
  weight: number;
  aspects: Aspect[];
  main: boolean;
  window_s: number;
  windows_at_s: number[];
}

export interface MixDocument {
  format: "diffmst.mix";
  version: number;
  software: string;
  layout: "default" | "paper";
  sample_rate: number;
  tracks: TrackMix[];
  fx: Values;
  fx_locks: string[];
  fx_ends: Ends | null;
  master: Values;
  master_locks: string[];
  master_ends: Ends | null;
  amounts: Amounts;
  references: ReferenceMix[];
  comparison: null | {
    song_window_s: number;
    song_windows_at_s: number[];
    distance_before: Values;
    distance_after: Values;
  };
  render: {
    loudness_lufs: number | null;
    ceiling_dbtp: number;
    subtype: "PCM_16" | "PCM_24" | "FLOAT";
    tail_s: number;
  };
}

/** A channel strip: a track by its place in the document, or one of the buses. */
export type Strip = number | "fx" | "master";

/** What is heard: the console live, the balanced neutral mix, or the reference. */
export type Source = "mix" | "before" | "reference";

/** A part in a mix, as `GET /api/about` lists them. */
export interface RoleDeclaration {
  name: string;
  /** Roles of one family share a colour: drums, voice, ... */
  family: string;
  label: string;
}
