/** How long it takes from a call until what it changed is heard. */

import type { Engine } from "../src/engine/types";
import probeUrl from "./probe.worklet.ts?worker&url";

const SETTLE_MS = 120;

/** Listens to the node that plays, which must be told before it is connected. */
export class Probe {
  private node: AudioWorkletNode | null = null;

  /** Builds an engine, and listens to what it gives to the speakers. */
  async around(create: () => Promise<Engine>): Promise<Engine> {
    const { connect } = AudioNode.prototype;
    let playing: AudioNode | null = null;
    AudioNode.prototype.connect = function (this: AudioNode, ...to: unknown[]): AudioNode {
      playing = to[0] instanceof AudioDestinationNode ? this : playing;
      return (connect as (...to: unknown[]) => AudioNode).apply(this, to);
    } as typeof connect;
    const engine = await create();
    AudioNode.prototype.connect = connect;
    await engine.context.audioWorklet.addModule(probeUrl);
    this.node = new AudioWorkletNode(engine.context, "probe");
    (playing as AudioNode | null)?.connect(this.node);
    this.node.connect(engine.context.destination);
    return engine;
  }

  /** Milliseconds from calls of `change` to the first changed sample at the speakers, each after a pause and `rest`. */
  async measure(
    context: AudioContext,
    change: (turn: number) => void,
    turns: number,
    rest: () => Promise<void>,
  ): Promise<number[]> {
    const found: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      await rest();
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS * (1 + Math.random())));
      found.push(await this.once(context, () => change(turn)));
    }
    return found;
  }

  private async once(context: AudioContext, change: () => void): Promise<number> {
    const port = (this.node as AudioWorkletNode).port;
    const changed = new Promise<number>((resolve) => {
      port.onmessage = ({ data }: MessageEvent<number>) => resolve(data);
    });
    port.postMessage("arm");
    await new Promise((resolve) => setTimeout(resolve, 30));
    const begun = performance.now();
    change();
    const frame = await changed;
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp();
    return performanceTime + 1000 * (frame / context.sampleRate - contextTime) - begun;
  }
}
