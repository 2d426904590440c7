/** Keeps the console supplied with audio a few seconds ahead, whatever the length of the song, in bounded memory. */

import { type FromFeeder, LANES, type ToFeeder } from "../messages";
import type { StreamInfo } from "../types";
import { BLOCK_FRAMES, type Lane, type Playhead, wantedBlocks } from "./timeline";

/** Fetches under way at a time. */
const PARALLEL = 3;

/** Blocks stay so long after they were needed last, for heads that still fade out. */
const LINGER_MS = 100;

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 4000;

const REFERENCE_LANE = LANES.indexOf("reference");

/** Audio that is kept ahead: as much time as fits into so many bytes, within limits. */
const AHEAD_BYTES = 64e6;
const LEAST_AHEAD_S = 2;
const MOST_AHEAD_S = 6;

export type FetchAudio = (
  stream: StreamInfo,
  start: number,
  frames: number,
  signal: AbortSignal,
) => Promise<Float32Array>;

/** Frames to keep ahead of a song of so many rows. */
export function aheadFrames(rows: number, sampleRate: number): number {
  const fitting = AHEAD_BYTES / (4 * rows * sampleRate);
  return Math.round(sampleRate * Math.min(MOST_AHEAD_S, Math.max(LEAST_AHEAD_S, fitting)));
}

/** What the console has of one stream, and what is on its way. */
interface Supply {
  stream: StreamInfo;
  lane: Lane;
  held: Set<number>;
  pending: Map<number, AbortController>;
  /** When a block was found to be of no use any more. */
  unwantedAt: Map<number, number>;
  /** Whether the last fetch failed, and whether none is tried just now. */
  failing: boolean;
  resting: boolean;
  retryMs: number;
}

export class Feeder {
  private readonly supplies: (Supply | null)[];
  private readonly songFrames: number;
  private head: Playhead = { frame: 0, loop: null };
  private referenceOffset = 0;

  /**
   * @param streams the song, then those that run along with it; null for one that there is not.
   * @param ahead frames to keep ahead.
   * @param send to the console.
   * @param tellTrouble to the page: what is wrong, or null when it is right again.
   */
  constructor(
    streams: readonly (StreamInfo | null)[],
    private readonly ahead: number,
    private readonly fetchAudio: FetchAudio,
    private readonly send: (message: FromFeeder, transfer: Transferable[]) => void,
    private readonly tellTrouble: (message: string | null) => void,
  ) {
    this.songFrames = streams[0]?.frames ?? 0;
    this.supplies = streams.map((stream, k) => stream && newSupply(stream, k === REFERENCE_LANE));
  }

  take(message: ToFeeder): void {
    if (message.type === "progress") {
      this.head = message.head;
      this.referenceOffset = message.offset;
      this.update();
    }
  }

  /** Brings another stream on a lane from now on, or none. */
  replace(lane: number, stream: StreamInfo | null): void {
    const old = this.supplies[lane];
    this.supplies[lane] = stream && newSupply(stream, lane === REFERENCE_LANE);
    for (const controller of old?.pending.values() ?? []) {
      controller.abort();
    }
    old?.pending.clear();
    if (old) {
      this.recover(old);
    }
    this.send({ type: "stream", lane, frames: stream?.frames ?? 0 }, []);
    this.update();
  }

  /** Fetches what is needed next, and has dropped what is not. */
  update(): void {
    const reference = this.supplies[REFERENCE_LANE];
    if (reference) {
      reference.lane.offset = this.referenceOffset;
    }
    const wanted = this.supplies.map((supply) =>
      supply ? wantedBlocks(supply.lane, this.head, this.songFrames, this.ahead) : [],
    );
    for (const [lane, supply] of this.supplies.entries()) {
      if (supply) {
        this.drop(lane, supply, new Set(wanted[lane]));
      }
    }
    this.fetchNext(wanted);
  }

  private drop(lane: number, supply: Supply, wanted: Set<number>): void {
    for (const [index, controller] of supply.pending) {
      if (!wanted.has(index)) {
        controller.abort();
        supply.pending.delete(index);
      }
    }
    const now = performance.now();
    const indexes: number[] = [];
    for (const index of supply.held) {
      if (wanted.has(index)) {
        supply.unwantedAt.delete(index);
      } else if (now - (supply.unwantedAt.get(index) ?? now) > LINGER_MS) {
        indexes.push(index);
      } else if (!supply.unwantedAt.has(index)) {
        supply.unwantedAt.set(index, now);
      }
    }
    for (const index of indexes) {
      supply.held.delete(index);
      supply.unwantedAt.delete(index);
    }
    if (indexes.length) {
      this.send({ type: "drop", lane, indexes }, []);
    }
  }

  /** Starts fetches, the most urgent blocks of all streams first. */
  private fetchNext(wanted: readonly number[][]): void {
    const longest = Math.max(...wanted.map((indexes) => indexes.length));
    for (let place = 0; place < longest; place++) {
      for (const [lane, supply] of this.supplies.entries()) {
        const index = wanted[lane][place];
        if (supply && !supply.resting && lacks(supply, index) && this.underWay < PARALLEL) {
          void this.fetch(lane, supply, index);
        }
      }
    }
  }

  private get underWay(): number {
    return this.supplies.reduce((count, supply) => count + (supply?.pending.size ?? 0), 0);
  }

  private async fetch(lane: number, supply: Supply, index: number): Promise<void> {
    const controller = new AbortController();
    supply.pending.set(index, controller);
    const start = index * BLOCK_FRAMES;
    const frames = Math.min(BLOCK_FRAMES, supply.stream.frames - start);
    try {
      const audio = await this.fetchAudio(supply.stream, start, frames, controller.signal);
      if (supply.pending.get(index) !== controller) {
        return;
      }
      supply.pending.delete(index);
      supply.held.add(index);
      this.send({ type: "block", lane, index, audio }, [audio.buffer as ArrayBuffer]);
      this.recover(supply);
    } catch (error) {
      if (supply.pending.get(index) === controller) {
        supply.pending.delete(index);
        this.rest(supply, error);
      }
    }
    this.update();
  }

  private recover(supply: Supply): void {
    if (supply.failing) {
      supply.failing = false;
      supply.retryMs = FIRST_RETRY_MS;
      if (!this.supplies.some((other) => other?.failing)) {
        this.tellTrouble(null);
      }
    }
  }

  /** Waits a while, longer each time, before it asks again; what else fails meanwhile is the same failure. */
  private rest(supply: Supply, error: unknown): void {
    if (supply.resting) {
      return;
    }
    this.tellTrouble(error instanceof Error ? error.message : String(error));
    supply.failing = true;
    supply.resting = true;
    setTimeout(() => {
      supply.resting = false;
      this.update();
    }, supply.retryMs);
    supply.retryMs = Math.min(LAST_RETRY_MS, 2 * supply.retryMs);
  }
}

function lacks(supply: Supply, index: number | undefined): index is number {
  return index !== undefined && !supply.held.has(index) && !supply.pending.has(index);
}

function newSupply(stream: StreamInfo, repeats: boolean): Supply {
  const lane: Lane = { frames: stream.frames, offset: 0, repeats };
  return {
    stream,
    lane,
    held: new Set(),
    pending: new Map(),
    unwantedAt: new Map(),
    failing: false,
    resting: false,
    retryMs: FIRST_RETRY_MS,
  };
}
