/** The desk: one mix document as signals, changed by gestures that can be undone. */

import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Engine } from "../engine/types";
import { AfterPause } from "./after-pause";
import { type Console, consoleOf } from "./declarations";
import { rounded, stripOf, withLocks, withSettings, withTrack } from "./document";
import { type Gesture, History } from "./history";
import { lockedControls } from "./locks";
import { sharedTitle } from "./names";
import { clamped } from "./scale";
import { StripSignals } from "./strip-signals";
import type { LayoutDeclaration, MixDocument, Param, RoleDeclaration, Strip, TrackMix, Values } from "./types";

export interface DeskOptions {
  roles?: readonly RoleDeclaration[];
  /** The numbers of the document's `render`, by names like `render.ceiling_dbtp`. */
  delivery?: readonly Param[];
  /** Called a moment after the last change of a row of them, and by `flush`. */
  save?: (mix: MixDocument) => void;
  saveDelayMs?: number;
}

export interface ChangeOptions {
  /** Changes of one gesture are undone at once. */
  gesture?: Gesture;
}

export interface ReplaceOptions extends ChangeOptions {
  /** The server holds this document already, so it is not saved again. */
  saved?: boolean;
}

/** Where a control may go back to. */
export interface RestValues {
  default: number;
  /** As in the balanced neutral mix, and as it was matched; null before a match. */
  neutral: number | null;
  matched: number | null;
}

const SAVE_DELAY_MS = 400;

export class Desk {
  readonly roles: readonly RoleDeclaration[];
  readonly delivery: readonly Param[];
  readonly mix: ReadonlySignal<MixDocument>;
  readonly console: ReadonlySignal<Console>;
  readonly sampleRate: ReadonlySignal<number>;
  readonly selected: Signal<Strip> = signal(0);
  /** Tracks that are heard alone. They are no part of the document: a forgotten solo must not be rendered. */
  readonly solos: ReadonlySignal<ReadonlySet<number>>;
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;
  /** What the next undo takes back, in words. */
  readonly undoes: ReadonlySignal<string | null>;
  readonly redoes: ReadonlySignal<string | null>;

  readonly #mix: Signal<MixDocument>;
  readonly #solos = signal<ReadonlySet<number>>(new Set());
  readonly #history = new History<MixDocument>();
  readonly #strips = new Map<Strip, StripSignals>();
  readonly #derived = new Map<string, ReadonlySignal<unknown>>();
  readonly #saving: AfterPause;
  #engine: Engine | null = null;

  constructor(mix: MixDocument, layouts: readonly LayoutDeclaration[], options: DeskOptions = {}) {
    this.#mix = signal(mix);
    this.mix = this.#mix;
    this.roles = options.roles ?? [];
    this.delivery = options.delivery ?? [];
    this.#saving = new AfterPause(options.saveDelayMs ?? SAVE_DELAY_MS, () => options.save?.(this.#mix.peek()));
    const layout = computed(() => this.#mix.value.layout);
    this.console = computed(() => consoleOf(layouts, { ...this.#mix.peek(), layout: layout.value }));
    this.sampleRate = computed(() => this.#mix.value.sample_rate);
    this.solos = this.#solos;
    this.undoes = this.#history.undoes;
    this.redoes = this.#history.redoes;
    this.canUndo = computed(() => this.undoes.value !== null);
    this.canRedo = computed(() => this.redoes.value !== null);
  }

  /** A track by its place; undefined once the document has no such track. */
  track(track: number): ReadonlySignal<TrackMix | undefined> {
    return this.#strip(track).track;
  }

  /** What a strip is called. */
  name(strip: Strip): ReadonlySignal<string> {
    return this.#once(`name ${strip}`, () => {
      const buses = { fx: "Reverb", master: "Master" };
      return typeof strip === "number" ? (this.track(strip).value?.name ?? "") : buses[strip];
    });
  }

  settings(strip: Strip): ReadonlySignal<Values> {
    return this.#strip(strip).settings;
  }

  /** A setting in physical units; what the document leaves out is at its default. */
  value(strip: Strip, control: string): ReadonlySignal<number> {
    return this.#once(`value ${strip} ${control}`, () => {
      return this.settings(strip).value[control] ?? this.console.value.section(strip).defaults[control];
    });
  }

  /** Whether matching leaves a control as it is; anyone may still move it by hand. */
  locked(strip: Strip, control: string): ReadonlySignal<boolean> {
    return this.#once(`locked ${strip} ${control}`, () => this.#lockedControls(strip).value.has(control));
  }

  /** How much of what a list of controls names is locked. */
  lockState(strip: Strip, controls: readonly string[]): "none" | "some" | "all" {
    const locked = this.#lockedControls(strip).value;
    const count = controls.filter((control) => locked.has(control)).length;
    return count === 0 ? "none" : count < controls.length ? "some" : "all";
  }

  rest(strip: Strip, control: string): RestValues {
    const ends = this.#strip(strip).ends.value;
    const fallback = this.console.value.section(strip).param(control).default;
    return {
      default: fallback,
      neutral: ends && (ends.neutral[control] ?? fallback),
      matched: ends && (ends.matched[control] ?? fallback),
    };
  }

  /** Moves settings of a strip, held in their ranges. */
  set(strip: Strip, values: Values, { gesture }: ChangeOptions = {}): void {
    const section = this.console.peek().section(strip);
    const old = stripOf(this.#mix.peek(), strip).settings;
    const entries = Object.entries(values)
      .map(([name, value]) => [name, clamped(section.param(name), rounded(value))] as const)
      .filter(([name, value]) => value !== (old[name] ?? section.defaults[name]));
    if (!entries.length) {
      return;
    }
    const moved = Object.fromEntries(entries);
    const what = `${this.name(strip).peek()}: ${sharedTitle(Object.keys(moved))}`;
    this.#change(withSettings(this.#mix.peek(), strip, moved), what, gesture);
    this.#engine?.set(strip, moved);
  }

  mute(track: number, muted: boolean): void {
    this.#change(withTrack(this.#mix.peek(), track, { mute: muted }), `${this.name(track).peek()}: mute`);
    this.#engine?.mute(track, muted);
  }

  /** Hears a track alone; with `only`, no other beside it. */
  solo(track: number, on: boolean, { only = false }: { only?: boolean } = {}): void {
    const solos = new Set(only ? [] : this.#solos.peek());
    solos.delete(track);
    if (on) {
      solos.add(track);
    }
    this.#listenTo(solos);
  }

  clearSolos(): void {
    this.#listenTo(new Set());
  }

  rename(track: number, name: string): void {
    const wanted = name.trim();
    if (wanted && wanted !== this.name(track).peek()) {
      this.#change(withTrack(this.#mix.peek(), track, { name: wanted }), `rename ${this.name(track).peek()}`);
    }
  }

  /** Says what a track is, which no later match overrules. */
  role(track: number, role: string): void {
    const change = { role, role_from: "user", role_confidence: 1 } as const;
    this.#change(withTrack(this.#mix.peek(), track, change), `${this.name(track).peek()}: role`);
  }

  /** How the mix is to be written: its loudness, its ceiling, its tail. */
  render(change: Partial<MixDocument["render"]>, { gesture }: ChangeOptions = {}): void {
    const mix = this.#mix.peek();
    this.#change({ ...mix, render: { ...mix.render, ...change } }, "delivery", gesture);
  }

  /** Locks what a pattern names (`eq.*`, `fader.gain_db`, `*`), or sets it free. */
  lock(strip: Strip, pattern: string, on: boolean): void {
    const section = this.console.peek().section(strip);
    const what = `${this.name(strip).peek()}: ${on ? "lock" : "unlock"}`;
    this.#change(withLocks(this.#mix.peek(), strip, section, pattern, on), what);
  }

  /** Another document, `why` in words: a match, other amounts, a change in another window. */
  replace(mix: MixDocument, why: string, { gesture, saved = false }: ReplaceOptions = {}): void {
    this.#change(mix, why, gesture, saved);
    this.#loaded();
  }

  undo(): void {
    this.#restore(this.#history.undo());
  }

  redo(): void {
    this.#restore(this.#history.redo());
  }

  /** From now on changes are heard through this engine. */
  attach(engine: Engine | null): void {
    this.#engine = engine;
    this.#loaded();
  }

  /** Saves at once what waits to be saved. */
  flush(): void {
    this.#saving.now();
  }

  #strip(strip: Strip): StripSignals {
    const known = this.#strips.get(strip) ?? new StripSignals(strip, this.#mix.peek());
    this.#strips.set(strip, known);
    return known;
  }

  #lockedControls(strip: Strip): ReadonlySignal<ReadonlySet<string>> {
    const { locks } = this.#strip(strip);
    return this.#once(`locks ${strip}`, () => lockedControls(this.console.value.section(strip), locks.value));
  }

  /** Derived signals are made once, so that all who show a value share one. */
  #once<Value>(key: string, compute: () => Value): ReadonlySignal<Value> {
    const known = this.#derived.get(key) as ReadonlySignal<Value> | undefined;
    const derived = known ?? computed(compute);
    this.#derived.set(key, derived);
    return derived;
  }

  #change(mix: MixDocument, what: string, gesture: Gesture | null = null, saved = false): void {
    batch(() => {
      this.#history.add(this.#mix.peek(), mix, what, gesture);
      this.#show(mix);
    });
    if (saved) {
      this.#saving.forget();
    } else {
      this.#saving.soon();
    }
  }

  #show(mix: MixDocument): void {
    batch(() => {
      this.#mix.value = mix;
      for (const strip of this.#strips.values()) {
        strip.follow(mix);
      }
    });
  }

  #restore(mix: MixDocument | null): void {
    if (mix) {
      this.#show(mix);
      this.#loaded();
      this.#saving.soon();
    }
  }

  /** The engine and the choice of strips follow another document. */
  #loaded(): void {
    const { tracks } = this.#mix.peek();
    const selected = this.selected.peek();
    if (typeof selected === "number" && selected >= tracks.length) {
      this.selected.value = Math.max(tracks.length - 1, 0);
    }
    this.#engine?.load(this.#mix.peek());
    this.#listenTo(new Set([...this.#solos.peek()].filter((track) => track < tracks.length)));
  }

  #listenTo(solos: ReadonlySet<number>): void {
    this.#solos.value = solos;
    this.#engine?.solo([...solos].sort((a, b) => a - b));
  }
}
