/** The live console: what the page holds of the sound. */

import { AfterPause } from "../model/after-pause";
import type { LayoutDeclaration, MixDocument, Source, Strip, Values } from "../model/types";
import { atRest, heardFrame, type Sighting } from "./clock";
import { vectorOf } from "./dsp/columns";
import { Limiter } from "./dsp/limiter";
import { Feeding } from "./feeding";
import { Graph } from "./graph";
import { Load, total, underruns } from "./health";
import type { ConsoleReport, MasterReport } from "./messages";
import { meterFrame } from "./meters";
import { Notifier } from "./notifier";
import { Responses } from "./responses";
import {
  changeOf,
  checkRows,
  REVERB_MIX,
  type Sections,
  sectionsOf,
  spelledOut,
  trackVectors,
  undelivered,
} from "./settings";
import type { Accompaniment, Delivery, Engine, EngineState, MeterFrame, SongInfo, SourceGainsDb, Watch } from "./types";
import { Watches } from "./watches";

/** As little delay as plays without dropouts while the machine does other things. */
const LATENCY_S = 0.01;
const SUSPEND_AFTER_MS = 10_000;
const QUANTUM = 128;

/** Builds the console for a song; it is silent until `play`. Throws with a line for the user where that cannot be. */
export async function createEngine(song: SongInfo, mix: MixDocument, layout: LayoutDeclaration): Promise<Engine> {
  checkRows(song.song.rows, mix);
  const context = new AudioContext({ sampleRate: song.sampleRate, latencyHint: LATENCY_S });
  try {
    const graph = await Graph.build(context, song, mix, layout, undelivered(mix));
    const engine = new LiveEngine(context, graph, song, mix, sectionsOf(layout));
    await engine.begin();
    return engine;
  } catch (error) {
    await context.close();
    throw error;
  }
}

/** What may go wrong while a song plays; the first tells most. */
type Part = "console" | "audio" | "reverb";

class LiveEngine implements Engine {
  private feeding: Feeding | null = null;
  private readonly responses: Responses;
  private readonly stateNotifier = new Notifier<EngineState>(() => this.state);
  private readonly meterNotifier = new Notifier<MeterFrame>(() => this.meters);
  private readonly loads = { console: new Load(), master: new Load() };
  private readonly troubles: Record<Part, string | null> = { console: null, audio: null, reverb: null };
  private readonly limiterFrames: number;
  private readonly watches: Watches;
  private fx: Values;
  private muted: boolean[];
  private soloed: readonly number[] = [];
  private source: Source = "mix";
  private range: [number, number] | null = null;
  private playing = false;
  private serial = 0;
  private sighting: Sighting = atRest(0);
  private console: ConsoleReport | null = null;
  private meters: MeterFrame | null = null;
  /** The context sleeps when all has died away, and until it is played: it takes a processor and a battery. */
  private readonly asleep = new AfterPause(SUSPEND_AFTER_MS, () => void this.context.suspend());

  constructor(
    readonly context: AudioContext,
    private readonly graph: Graph,
    private readonly song: SongInfo,
    mix: MixDocument,
    private readonly sections: Sections,
  ) {
    this.limiterFrames = new Limiter(song.sampleRate, QUANTUM).latency;
    this.fx = spelledOut(sections.fx, mix.fx);
    this.muted = mix.tracks.map(({ mute }) => mute);
    this.watches = new Watches(graph);
    this.responses = new Responses(
      song.responseUrl,
      (response) => graph.reverb.change(response),
      (message) => this.trouble("reverb", message),
    );
  }

  /** Lets the audio come; throws, and leaves nothing behind, where there is no reverb. */
  async begin(): Promise<void> {
    this.graph.reverb.start(await this.responses.first(this.fx));
    this.graph.console.port.onmessage = ({ data }: MessageEvent<ConsoleReport>) => this.takeConsole(data);
    this.graph.master.port.onmessage = ({ data }: MessageEvent<MasterReport>) => this.takeMaster(data);
    this.graph.onFailure(() => this.trouble("console", "the sound has stopped; reload the page"));
    this.context.onstatechange = this.resume;
    document.addEventListener("visibilitychange", this.resume);
    this.feeding = new Feeding(this.graph, this.song, (message) => this.trouble("audio", message));
    this.asleep.soon();
  }

  get state(): EngineState {
    return {
      playing: this.playing,
      frame: this.frame,
      source: this.source,
      loop: this.range,
      dropouts: (this.console?.dropouts ?? 0) + underruns(this.context),
      load: total(this.loads.console.value, this.loads.master.value),
      waiting: this.playing && (this.context.state !== "running" || (this.console?.waiting ?? true)),
      trouble: this.troubles.console ?? this.troubles.audio ?? this.troubles.reverb,
    };
  }

  onState(listener: (state: EngineState) => void): () => void {
    const remove = this.stateNotifier.add(listener);
    this.stateNotifier.changed();
    return remove;
  }

  onMeters(listener: (frame: MeterFrame) => void): () => void {
    return this.meterNotifier.add(listener);
  }

  /** Called by a gesture: browsers let no page sound before one. */
  async play(): Promise<void> {
    this.asleep.forget();
    if (this.sighting.frame >= this.song.song.frames) {
      this.seek(this.range?.[0] ?? 0);
    }
    this.playing = true;
    this.graph.toConsole({ type: "play", serial: this.nextSerial() });
    this.stateNotifier.changed();
    await this.context.resume();
  }

  pause(): void {
    this.stop(Math.round(this.frame));
    this.graph.toConsole({ type: "pause", serial: this.nextSerial() });
    this.graph.toConsole({ type: "seek", frame: this.sighting.frame, serial: this.serial });
  }

  seek(frame: number): void {
    const there = Math.max(0, Math.min(Math.round(frame), this.song.song.frames));
    this.sighting = atRest(there);
    this.graph.toConsole({ type: "seek", frame: there, serial: this.nextSerial() });
    this.graph.toMaster({ type: "forget" });
    this.stateNotifier.changed();
  }

  loop(range: [number, number] | null): void {
    this.range = range && [Math.round(range[0]), Math.round(range[1])];
    this.graph.toConsole({ type: "loop", range: this.range });
    this.stateNotifier.changed();
  }

  listen(source: Source): void {
    this.source = source;
    this.graph.toConsole({ type: "listen", source });
    this.graph.toMaster({ type: "listen", source });
    this.stateNotifier.changed();
  }

  accompany(streams: Accompaniment): void {
    this.feeding?.accompany(streams);
  }

  referenceAt(frame: number): void {
    this.graph.toConsole({ type: "offset", frames: Math.round(frame) });
  }

  load(mix: MixDocument): void {
    checkRows(this.song.song.rows, mix);
    for (const [track, values] of trackVectors(this.sections, mix).entries()) {
      this.graph.toConsole({ type: "set", track, columns: [...values.keys()], values });
    }
    const values = vectorOf(this.sections.master, mix.master);
    this.graph.toMaster({ type: "set", columns: [...values.keys()], values });
    this.setFx(mix.fx);
    this.muted = mix.tracks.map(({ mute }) => mute);
    this.hear();
  }

  set(strip: Strip, values: Values): void {
    if (strip === "fx") {
      this.setFx({ ...this.fx, ...values });
    } else if (strip === "master") {
      this.graph.toMaster({ type: "set", ...changeOf(this.sections.master, values) });
    } else {
      this.graph.toConsole({ type: "set", track: strip, ...changeOf(this.sections.track, values) });
    }
  }

  mute(track: number, muted: boolean): void {
    this.muted[track] = muted;
    this.hear();
  }

  solo(tracks: readonly number[]): void {
    this.soloed = [...tracks];
    this.hear();
  }

  deliver(delivery: Delivery): void {
    this.graph.toMaster({ type: "deliver", delivery });
  }

  gains(gainsDb: SourceGainsDb): void {
    this.graph.toMaster({ type: "gains", gainsDb });
  }

  watch(strip: Strip, where: "input" | "output"): Watch {
    return this.watches.begin(strip, where);
  }

  async close(): Promise<void> {
    this.asleep.forget();
    document.removeEventListener("visibilitychange", this.resume);
    this.graph.console.port.onmessage = null;
    this.graph.master.port.onmessage = null;
    this.stateNotifier.close();
    this.meterNotifier.close();
    this.responses.close();
    this.feeding?.close();
    await this.context.close();
  }

  /** Where the song is, as it is heard now. */
  private get frame(): number {
    const { context, song } = this;
    const delay = this.limiterFrames + (context.outputLatency || context.baseLatency) * context.sampleRate;
    const now = context.currentTime * context.sampleRate;
    return heardFrame(this.sighting, now, delay, this.range, song.song.frames);
  }

  /** Reports from before a command are not mistaken for what came of it. */
  private nextSerial(): number {
    this.serial += 1;
    return this.serial;
  }

  private setFx(values: Values): void {
    this.fx = spelledOut(this.sections.fx, values);
    this.graph.toMaster({ type: "reverbMix", amount: this.fx[REVERB_MIX] });
    this.responses.want(this.fx);
  }

  private hear(): void {
    const { muted, soloed } = this;
    const heard = muted.map((mute, track) => !mute && (soloed.length === 0 || soloed.includes(track)));
    this.graph.toConsole({ type: "heard", heard });
  }

  private takeConsole(report: ConsoleReport): void {
    this.console = report;
    this.loads.console.add(report);
    if (this.playing && report.serial === this.serial) {
      const { frame, at } = report;
      const began = frame < this.sighting.frame ? null : this.sighting.began;
      this.sighting = { frame, at, moving: report.playing && !report.waiting, began };
      if (!report.playing && report.frame >= this.song.song.frames) {
        this.stop(report.frame);
      }
    }
    this.stateNotifier.changed();
  }

  private takeMaster(report: MasterReport): void {
    this.loads.master.add(report);
    if (this.console) {
      this.meters = meterFrame(this.console, report);
      this.meterNotifier.changed();
    }
  }

  private stop(frame: number): void {
    this.playing = false;
    this.sighting = atRest(frame);
    this.asleep.soon();
    this.stateNotifier.changed();
  }

  /** Goes on after the system has interrupted the audio, for a call or because the page was hidden. */
  private readonly resume = (): void => {
    this.stateNotifier.changed();
    if (this.playing && !document.hidden && this.context.state !== "running") {
      this.context.resume().catch(() => this.stateNotifier.changed());
    }
  };

  private trouble(what: Part, message: string | null): void {
    this.troubles[what] = message;
    this.stateNotifier.changed();
  }
}
