/** The same sound as that of the live console, rendered ahead of time: for tests, and to listen to a whole song. */

import type { LayoutDeclaration, MixDocument } from "../model/types";
import { Limiter } from "./dsp/limiter";
import { Graph } from "./graph";
import type { FromFeeder, ToFeeder } from "./messages";
import { checkRows, sectionsOf, spelledOut } from "./settings";
import { fetchAudio, fetchResponse } from "./stream/fetching";
import { BLOCK_FRAMES } from "./stream/timeline";
import type { Delivery, SongInfo } from "./types";

const QUANTUM = 128;

/** Blocks that the console must have before it plays one: that one and, for fades, the next. */
const BLOCKS_AHEAD = 2;

/** A whole song through the console, as long as the song. */
export async function renderOffline(
  song: SongInfo,
  mix: MixDocument,
  layout: LayoutDeclaration,
  delivery: Delivery,
): Promise<AudioBuffer> {
  checkRows(song.song.rows, mix);
  const { sampleRate } = song;
  const { frames } = song.song;
  const { latency } = new Limiter(sampleRate, QUANTUM);
  const context = new OfflineAudioContext(2, frames + latency, sampleRate);
  const graph = await Graph.build(context, { ...song, before: null, reference: null }, mix, layout, delivery);
  graph.reverb.start(await fetchResponse(song.responseUrl, spelledOut(sectionsOf(layout).fx, mix.fx)));
  const supply = new Supply(song, graph);
  await supply.bring(0);
  for (let index = 1; index * BLOCK_FRAMES < frames + latency; index++) {
    void context.suspend((index * BLOCK_FRAMES) / sampleRate).then(async () => {
      await supply.bring(index);
      await context.resume();
    });
  }
  graph.toConsole({ type: "play", serial: 0 });
  await supply.settled();
  return withoutStart(await context.startRendering(), latency, frames);
}

/** Brings the console the blocks of the song as it comes to them. */
class Supply {
  private readonly port: MessagePort;
  private readonly arrivals = new Map<number, () => void>();
  private readonly blocks: number;
  private next = 0;

  constructor(
    private readonly song: SongInfo,
    private readonly graph: Graph,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.blocks = Math.ceil(song.song.frames / BLOCK_FRAMES);
    graph.toConsole({ type: "feeder", port: port2 }, [port2]);
    port1.onmessage = ({ data }: MessageEvent<ToFeeder>) => {
      if (data.type === "fed") {
        this.arrivals.get(data.index)?.();
      }
    };
  }

  /** Makes sure that the console can play a block, and drops what lies before it. */
  async bring(index: number): Promise<void> {
    for (; this.next < Math.min(this.blocks, index + BLOCKS_AHEAD); this.next++) {
      await this.feed(this.next);
    }
    if (index >= BLOCKS_AHEAD) {
      this.send({ type: "drop", lane: 0, indexes: [index - BLOCKS_AHEAD] }, []);
    }
  }

  /** All that was sent to the console has reached it: a message to it comes back. */
  async settled(): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      this.graph.console.port.onmessage = () => resolve();
    });
    this.graph.toConsole({ type: "ping" });
    await arrived;
    this.graph.console.port.onmessage = null;
  }

  private async feed(index: number): Promise<void> {
    const start = index * BLOCK_FRAMES;
    const frames = Math.min(BLOCK_FRAMES, this.song.song.frames - start);
    const audio = await fetchAudio(this.song.song, start, frames);
    const arrived = new Promise<void>((resolve) => this.arrivals.set(index, resolve));
    this.send({ type: "block", lane: 0, index, audio }, [audio.buffer]);
    await arrived;
  }

  private send(message: FromFeeder, transfer: Transferable[]): void {
    this.port.postMessage(message, transfer);
  }
}

function withoutStart(rendered: AudioBuffer, latency: number, frames: number): AudioBuffer {
  const { sampleRate } = rendered;
  const song = new AudioBuffer({ length: frames, numberOfChannels: 2, sampleRate });
  for (let channel = 0; channel < 2; channel++) {
    song.copyToChannel(rendered.getChannelData(channel).subarray(latency, latency + frames), channel);
  }
  return song;
}
