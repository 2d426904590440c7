/** The audio thread's second half: buses and reverb return in, what is heard out. */

import { Master } from "./dsp/master";
import { Stopwatch } from "./dsp/stopwatch";
import { MASTER, type MasterOptions, type MasterReport, type PairLevels, type ToMaster } from "./messages";

const REPORT_S = 1 / 30;

/** Inputs, by number. */
const BUS = 0;
const RETURN = 1;
const SEND = 2;
const BEFORE = 3;
const REFERENCE = 4;

/** Outputs. */
const OUT = 0;
const TAP = 1;

class MasterProcessor extends AudioWorkletProcessor {
  private readonly master: Master;
  private readonly watch = new Stopwatch();
  private readonly silence = new Float32Array(128);
  private readonly inputs = {
    bus: this.silentPair(),
    returned: this.silentPair(),
    send: this.silentPair(),
    before: this.silentPair(),
    reference: this.silentPair(),
  };
  private readonly report: MasterReport = newReport();
  private tap: "return" | "output" | null = null;
  private untilReport = 0;

  constructor(options: AudioWorkletNodeOptions) {
    super();
    const made = options.processorOptions as MasterOptions;
    this.master = new Master(made.controls, made.values, sampleRate, 128);
    this.master.setReverbMix(made.reverbMix);
    this.master.deliver(made.delivery);
    this.master.listen(made.source);
    this.master.setGains(made.gainsDb);
    this.master.jump();
    this.port.onmessage = ({ data }: MessageEvent<ToMaster>) => this.take(data);
  }

  override process(inputs: Float32Array<ArrayBuffer>[][], outputs: Float32Array<ArrayBuffer>[][]): boolean {
    this.watch.start();
    const count = outputs[OUT][0].length;
    this.fill(this.inputs.bus, inputs[BUS]);
    this.fill(this.inputs.returned, inputs[RETURN]);
    this.fill(this.inputs.send, inputs[SEND]);
    this.fill(this.inputs.before, inputs[BEFORE]);
    this.fill(this.inputs.reference, inputs[REFERENCE]);
    const { master } = this;
    master.process(this.inputs, count);
    outputs[OUT][0].set(master.left);
    outputs[OUT][1].set(master.right);
    if (this.tap) {
      outputs[TAP][0].set(this.tap === "return" ? master.fxLeft : master.left);
      outputs[TAP][1].set(this.tap === "return" ? master.fxRight : master.right);
    }
    this.measure(count);
    this.watch.stop();
    return true;
  }

  private take(message: ToMaster): void {
    const { master } = this;
    switch (message.type) {
      case "set":
        master.strip.set(message.columns, message.values);
        break;
      case "reverbMix":
        master.setReverbMix(message.amount);
        break;
      case "deliver":
        master.deliver(message.delivery);
        break;
      case "listen":
        master.listen(message.source);
        break;
      case "gains":
        master.setGains(message.gainsDb);
        break;
      case "tap":
        this.tap = message.what;
        break;
      case "forget":
        master.loudness.reset();
        break;
    }
  }

  /** An input without a source has no channels. */
  private fill(pair: Float32Array[], input: Float32Array[]): void {
    pair[0] = input[0] ?? this.silence;
    pair[1] = input[1] ?? input[0] ?? this.silence;
  }

  private silentPair(): [Float32Array, Float32Array] {
    return [this.silence, this.silence];
  }

  private measure(count: number): void {
    const { report, master } = this;
    report.samples += count;
    addLevels(report.fx, master.fxLeft, master.fxRight, count);
    addLevels(report.master, master.shownLeft, master.shownRight, count);
    this.untilReport -= count;
    if (this.untilReport <= 0) {
      this.untilReport = REPORT_S * sampleRate;
      this.tell();
    }
  }

  private tell(): void {
    const { report, master } = this;
    report.reductionDb = master.strip.compressor.deepestDb;
    report.limitingDb = Math.max(master.limiter.deepestDb, master.limiter.reductionDb);
    report.momentaryLufs = master.loudness.momentaryLufs;
    report.shortTermLufs = master.loudness.shortTermLufs;
    report.busyMs = this.watch.takeMs();
    report.audioMs = (1000 * report.samples) / sampleRate;
    this.port.postMessage(report);
    report.samples = 0;
    clearLevels(report.fx);
    clearLevels(report.master);
    master.strip.compressor.deepestDb = 0;
    master.limiter.deepestDb = 0;
  }
}

function addLevels(levels: PairLevels, left: Float64Array, right: Float64Array, count: number): void {
  for (let n = 0; n < count; n++) {
    const l = left[n];
    const r = right[n];
    levels.peakLeft = Math.max(levels.peakLeft, Math.abs(l));
    levels.peakRight = Math.max(levels.peakRight, Math.abs(r));
    levels.energyLeft += l * l;
    levels.energyRight += r * r;
  }
}

function clearLevels(levels: PairLevels): void {
  levels.peakLeft = levels.peakRight = levels.energyLeft = levels.energyRight = 0;
}

function newReport(): MasterReport {
  const nothing = (): PairLevels => ({ peakLeft: 0, peakRight: 0, energyLeft: 0, energyRight: 0 });
  return {
    type: "master",
    samples: 0,
    fx: nothing(),
    master: nothing(),
    reductionDb: 0,
    limitingDb: 0,
    momentaryLufs: Number.NEGATIVE_INFINITY,
    shortTermLufs: Number.NEGATIVE_INFINITY,
    busyMs: 0,
    audioMs: 0,
  };
}

registerProcessor(MASTER, MasterProcessor);
