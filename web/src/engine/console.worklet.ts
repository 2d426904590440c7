/** The audio thread's first half: streams in, channel strips, buses out. */

import { Stopwatch } from "./dsp/stopwatch";
import { MOST_FRAMES } from "./dsp/strip";
import { TrackStrips } from "./dsp/tracks";
import {
  CONSOLE,
  type ConsoleOptions,
  type ConsoleReport,
  type FromFeeder,
  LANES,
  LEVELS_PER_TRACK,
  type Tap,
  type ToConsole,
  type Transport,
} from "./messages";
import { Player, Track } from "./stream/player";
import type { Lane } from "./stream/timeline";

const REPORT_S = 1 / 30;
const PROGRESS_S = 0.1;

const REFERENCE_LANE = LANES.indexOf("reference");

/** Outputs, by number. */
const BUS = 0;
const SEND = 1;
const BEFORE = 2;
const REFERENCE = 3;
const TAP = 4;

class ConsoleProcessor extends AudioWorkletProcessor {
  private readonly strips: TrackStrips;
  private readonly tracks: Track[];
  private readonly player: Player;
  private readonly watch = new Stopwatch();
  private readonly report: ConsoleReport;
  private readonly lanes: Lane[];
  /** Where blocks of each lane are put: those of its stream, or of one that takes its place in a moment. */
  private readonly arriving: Map<number, Float32Array>[];
  private feeder: MessagePort | null = null;
  private tap: Tap = { strip: null, where: "output" };
  private untilReport = 0;
  private untilProgress = 0;

  constructor(options: AudioWorkletNodeOptions) {
    super();
    const made = options.processorOptions as ConsoleOptions;
    const songFrames = made.streams.song?.frames ?? 0;
    this.strips = new TrackStrips(made.controls, made.values, made.channels, sampleRate);
    this.lanes = LANES.map((name) => ({
      frames: made.streams[name]?.frames ?? 0,
      offset: 0,
      repeats: name === "reference",
    }));
    this.tracks = this.lanes.map((lane, k) => new Track(lane, k === 0 ? this.strips.rows : rowPair()));
    this.arriving = this.tracks.map(({ blocks }) => blocks);
    this.player = new Player(this.tracks, songFrames, sampleRate);
    this.report = newReport(made.channels.length);
    this.hear(made.heard);
    this.port.onmessage = ({ data }: MessageEvent<ToConsole>) => this.take(data);
  }

  override process(_inputs: unknown, outputs: Float32Array<ArrayBuffer>[][]): boolean {
    this.watch.start();
    const count = outputs[BUS][0].length;
    this.player.render(count);
    this.copyTap(outputs[TAP], "input");
    this.strips.process(count);
    const { buses } = this.strips;
    outputs[BUS][0].set(buses[0]);
    outputs[BUS][1].set(buses[1]);
    outputs[SEND][0].set(buses[2]);
    outputs[SEND][1].set(buses[3]);
    copyPair(this.tracks[1].rows, outputs[BEFORE]);
    copyPair(this.tracks[2].rows, outputs[REFERENCE]);
    this.copyTap(outputs[TAP], "output");
    this.tell(count);
    this.watch.stop();
    return true;
  }

  private take(message: ToConsole): void {
    switch (message.type) {
      case "feeder":
        this.feeder = message.port;
        this.feeder.onmessage = ({ data }: MessageEvent<FromFeeder>) => this.takeAudio(data);
        this.tellFeeder();
        break;
      case "set":
        this.strips.strips[message.track].set(message.columns, message.values);
        break;
      case "heard":
        this.hear(message.heard);
        break;
      case "listen":
        this.player.needed = [this.tracks[message.source === "mix" ? 0 : LANES.indexOf(message.source)]];
        break;
      case "tap":
        this.tap = message;
        break;
      case "ping":
        this.port.postMessage(this.report);
        break;
      default:
        this.move(message);
    }
  }

  /** Follows a command, and tells page and feeder at once. */
  private move(message: Transport): void {
    switch (message.type) {
      case "play":
        this.player.play();
        break;
      case "pause":
        this.player.pause();
        break;
      case "seek":
        this.player.seek(message.frame);
        break;
      case "loop":
        this.player.loop(message.range);
        break;
      case "offset":
        this.player.change(REFERENCE_LANE, ({ lane }) => {
          lane.offset = message.frames;
        });
        break;
    }
    if ("serial" in message) {
      this.report.serial = message.serial;
    }
    this.untilReport = 0;
    this.tellFeeder();
  }

  private takeAudio(message: FromFeeder): void {
    const blocks = this.arriving[message.lane];
    if (message.type === "block") {
      blocks.set(message.index, message.audio);
      this.feeder?.postMessage({ type: "fed", lane: message.lane, index: message.index });
    } else if (message.type === "stream") {
      this.replace(message.lane, message.frames);
    } else {
      this.giveBack(message.indexes.flatMap((index) => blocks.get(index) ?? []));
      for (const index of message.indexes) {
        blocks.delete(index);
      }
    }
  }

  private replace(lane: number, frames: number): void {
    const blocks = new Map<number, Float32Array>();
    this.arriving[lane] = blocks;
    this.player.change(lane, (track) => this.giveBack([...track.replace(frames, blocks).values()]));
  }

  /** What becomes garbage does so in the feeder. */
  private giveBack(audio: Float32Array[]): void {
    this.feeder?.postMessage(
      { type: "returned", audio },
      audio.map((block) => block.buffer as ArrayBuffer),
    );
  }

  private hear(heard: readonly boolean[]): void {
    for (const [track, strip] of this.strips.strips.entries()) {
      strip.hear(heard[track]);
    }
  }

  /** Copies what is tapped: the input of a strip before the strips have worked, all else behind them. */
  private copyTap(output: Float32Array[], where: Tap["where"]): void {
    const { strip } = this.tap;
    const [left, right] = output;
    if (typeof strip === "number") {
      if (where === this.tap.where) {
        const tapped = this.strips.strips[strip];
        left.set(tapped.left);
        right.set(tapped.right ?? tapped.left);
      }
    } else if (strip !== null && where === "output") {
      const first = strip === "bus" ? 0 : 2;
      left.set(this.strips.buses[first]);
      right.set(this.strips.buses[first + 1]);
    }
  }

  private tell(count: number): void {
    this.report.samples += count;
    this.untilReport -= count;
    this.untilProgress -= count;
    if (this.untilProgress <= 0) {
      this.untilProgress = PROGRESS_S * sampleRate;
      this.tellFeeder();
    }
    if (this.untilReport <= 0) {
      this.untilReport = REPORT_S * sampleRate;
      this.tellPage(count);
    }
  }

  private tellFeeder(): void {
    this.feeder?.postMessage({
      type: "progress",
      head: this.player.head,
      offset: this.lanes[REFERENCE_LANE].offset,
    });
  }

  private tellPage(count: number): void {
    const { report, player } = this;
    report.frame = player.next;
    report.at = currentFrame + count;
    report.playing = player.playing;
    report.waiting = player.playing && player.waiting;
    report.dropouts = player.dropouts;
    report.busyMs = this.watch.takeMs();
    report.audioMs = (1000 * report.samples) / sampleRate;
    for (const [track, { levels, compressor }] of this.strips.strips.entries()) {
      const at = track * LEVELS_PER_TRACK;
      report.levels[at] = levels.peakLeft;
      report.levels[at + 1] = levels.peakRight;
      report.levels[at + 2] = levels.energyLeft;
      report.levels[at + 3] = levels.energyRight;
      report.levels[at + 4] = compressor.deepestDb;
      levels.peakLeft = levels.peakRight = levels.energyLeft = levels.energyRight = 0;
      compressor.deepestDb = 0;
    }
    this.port.postMessage(report);
    report.samples = 0;
  }
}

function rowPair(): Float64Array[] {
  return [new Float64Array(MOST_FRAMES), new Float64Array(MOST_FRAMES)];
}

function copyPair(rows: readonly Float64Array[], output: Float32Array[]): void {
  output[0].set(rows[0]);
  output[1].set(rows[1]);
}

function newReport(tracks: number): ConsoleReport {
  return {
    type: "console",
    serial: 0,
    frame: 0,
    at: 0,
    playing: false,
    waiting: false,
    dropouts: 0,
    samples: 0,
    busyMs: 0,
    audioMs: 0,
    levels: new Float64Array(tracks * LEVELS_PER_TRACK),
  };
}

registerProcessor(CONSOLE, ConsoleProcessor);
