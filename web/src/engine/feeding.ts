/** The worker that brings the audio from the server to the console, past the page. */

import FeederWorker from "./feeder.worker.ts?worker";
import type { Graph } from "./graph";
import { type FeederStart, type FeederStream, type FeederTrouble, LANES } from "./messages";
import { aheadFrames } from "./stream/feeder";
import type { Accompaniment, SongInfo, StreamInfo } from "./types";

/** Left and right of each stream that runs along with the song, whether it is there yet or not. */
const ROWS_ALONG = 2 * (LANES.length - 1);

export class Feeding {
  private readonly worker = new FeederWorker();
  private streams: Accompaniment;

  /** @param trouble is told why no audio comes, and null when it comes again. */
  constructor(graph: Graph, info: SongInfo, trouble: (message: string | null) => void) {
    this.streams = info;
    this.worker.onmessage = ({ data }: MessageEvent<FeederTrouble>) => trouble(data.message);
    this.worker.onerror = () => trouble("the audio cannot be loaded; reload the page");
    const { port1, port2 } = new MessageChannel();
    graph.toConsole({ type: "feeder", port: port1 }, [port1]);
    const start: FeederStart = {
      type: "start",
      port: port2,
      streams: { song: absolute(info.song), before: absolute(info.before), reference: absolute(info.reference) },
      aheadFrames: aheadFrames(info.song.rows + ROWS_ALONG, info.sampleRate),
    };
    this.worker.postMessage(start, [port2]);
  }

  /** Other streams along the song; those that stay the same are left alone. */
  accompany(streams: Accompaniment): void {
    for (const name of ["before", "reference"] as const) {
      if (!sameStream(this.streams[name], streams[name])) {
        const message: FeederStream = { type: "stream", lane: LANES.indexOf(name), stream: absolute(streams[name]) };
        this.worker.postMessage(message);
      }
    }
    this.streams = streams;
  }

  close(): void {
    this.worker.terminate();
  }
}

function sameStream(one: StreamInfo | null, other: StreamInfo | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A worker has another address than the page, to which relative ones refer. */
function absolute(stream: StreamInfo | null): StreamInfo | null {
  return stream && { ...stream, url: new URL(stream.url, document.baseURI).href };
}
