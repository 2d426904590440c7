/** The nodes of the console, in a live context or an offline one. */

import type { LayoutDeclaration, MixDocument, Strip } from "../model/types";
import consoleUrl from "./console.worklet.ts?worker&url";
import { vectorOf } from "./dsp/columns";
import masterUrl from "./master.worklet.ts?worker&url";
import { CONSOLE, type ConsoleOptions, MASTER, type MasterOptions, type ToConsole, type ToMaster } from "./messages";
import { Reverb } from "./reverb";
import { EQUAL_GAINS, REVERB_MIX, sectionsOf, spelledOut, trackVectors } from "./settings";
import type { Delivery, SongInfo } from "./types";

/** Outputs of the console, inputs of the master: bus, send, before, reference; see the worklets. */
const CONSOLE_OUTPUTS = { bus: 0, send: 1, before: 2, reference: 3, tap: 4 };
const MASTER_INPUTS = { bus: 0, returned: 1, send: 2, before: 3, reference: 4 };
const MASTER_OUTPUTS = { out: 0, tap: 1 };

export class Graph {
  readonly console: AudioWorkletNode;
  readonly master: AudioWorkletNode;
  readonly reverb: Reverb;

  private constructor(
    readonly context: BaseAudioContext,
    consoleOptions: ConsoleOptions,
    masterOptions: MasterOptions,
  ) {
    this.console = new AudioWorkletNode(context, CONSOLE, {
      numberOfInputs: 0,
      numberOfOutputs: 5,
      outputChannelCount: [2, 2, 2, 2, 2],
      processorOptions: consoleOptions,
    });
    this.master = new AudioWorkletNode(context, MASTER, {
      numberOfInputs: 5,
      numberOfOutputs: 2,
      outputChannelCount: [2, 2],
      channelCount: 2,
      channelCountMode: "explicit",
      processorOptions: masterOptions,
    });
    this.reverb = new Reverb(context);
    this.wire();
  }

  /** The nodes for a song and its mix; the reverb has no response yet. */
  static async build(
    context: BaseAudioContext,
    song: SongInfo,
    mix: MixDocument,
    layout: LayoutDeclaration,
    delivery: Delivery,
  ): Promise<Graph> {
    await Promise.all([context.audioWorklet.addModule(consoleUrl), context.audioWorklet.addModule(masterUrl)]);
    const sections = sectionsOf(layout);
    const { track, master } = sections;
    const consoleOptions: ConsoleOptions = {
      controls: track,
      values: trackVectors(sections, mix),
      channels: mix.tracks.map(({ channels }) => channels),
      heard: mix.tracks.map(({ mute }) => !mute),
      streams: { song: song.song, before: song.before, reference: song.reference },
    };
    const masterOptions: MasterOptions = {
      controls: master,
      values: vectorOf(master, mix.master),
      reverbMix: spelledOut(sections.fx, mix.fx)[REVERB_MIX],
      delivery,
      source: "mix",
      gainsDb: EQUAL_GAINS,
    };
    return new Graph(context, consoleOptions, masterOptions);
  }

  toConsole(message: ToConsole, transfer: Transferable[] = []): void {
    this.console.port.postMessage(message, transfer);
  }

  toMaster(message: ToMaster): void {
    this.master.port.postMessage(message);
  }

  /** Tells if the audio thread fails, after which it is silent for good. */
  onFailure(tell: () => void): void {
    this.console.onprocessorerror = tell;
    this.master.onprocessorerror = tell;
  }

  /** Lets a node hear what the worklets are told to tap. */
  connectTaps(node: AudioNode): void {
    this.console.connect(node, CONSOLE_OUTPUTS.tap);
    this.master.connect(node, MASTER_OUTPUTS.tap);
  }

  /** Which strip the taps let hear, before or behind its effects; null for none. */
  tap(strip: Strip | null, where: "input" | "output"): void {
    const ofMaster =
      strip === "master" && where === "output" ? "output" : strip === "fx" && where === "output" ? "return" : null;
    const ofConsole = ofMaster ? null : strip === "fx" ? "send" : strip === "master" ? "bus" : strip;
    this.toConsole({ type: "tap", strip: ofConsole, where });
    this.toMaster({ type: "tap", what: ofMaster });
  }

  private wire(): void {
    const { console, master, reverb } = this;
    console.connect(master, CONSOLE_OUTPUTS.bus, MASTER_INPUTS.bus);
    console.connect(master, CONSOLE_OUTPUTS.send, MASTER_INPUTS.send);
    console.connect(master, CONSOLE_OUTPUTS.before, MASTER_INPUTS.before);
    console.connect(master, CONSOLE_OUTPUTS.reference, MASTER_INPUTS.reference);
    console.connect(reverb.input, CONSOLE_OUTPUTS.send);
    reverb.output.connect(master, 0, MASTER_INPUTS.returned);
    master.connect(this.context.destination, MASTER_OUTPUTS.out);
  }
}
