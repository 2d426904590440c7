import { computed, effect, signal } from "@preact/signals";
import { messageOf } from "../../api/http";
import type { DeliveryEvent } from "../../api/types";
import { createEngine } from "../../engine/engine";
import type { Engine, EngineState, SongInfo } from "../../engine/types";
import type { Desk } from "../../model/desk";
import type { Source } from "../../model/types";
import { equalGains, type SourceLevels } from "./equal-loudness";

const AT_REST: EngineState = {
  playing: false,
  frame: 0,
  source: "mix",
  loop: null,
  dropouts: 0,
  load: null,
  waiting: false,
  trouble: null,
};

/** What is heard: the engine of the song that is prepared now, and where it is. */
export class Playback {
  readonly engine = signal<Engine | null>(null);
  readonly state = signal<EngineState>(AT_REST);
  readonly song = signal<SongInfo | null>(null);
  readonly problem = signal("");
  readonly seconds = computed(() => this.state.value.frame / (this.song.value?.sampleRate ?? 1));
  readonly durationS = computed(() => {
    const song = this.song.value;
    return song ? song.song.frames / song.sampleRate : 0;
  });
  /** The section that loops, kept while looping is off. */
  readonly section = signal<[number, number] | null>(null);
  readonly looping = signal(false);

  private delivery: DeliveryEvent | null = null;
  private levels: SourceLevels = {};
  private desk: Desk | null = null;
  private ceilingDbtp = -1;
  private made = 0;
  /** Whether it is to play as soon as there is an engine again. */
  private resume = false;
  private readonly stop: () => void;

  constructor() {
    this.stop = effect(() => {
      const range = this.looping.value ? (this.section.value ?? this.whole()) : null;
      this.engine.value?.loop(range);
    });
  }

  /** Plays another song, or the same with other files, from where it was; if only what runs along is new, it plays on. */
  async open(song: SongInfo, desk: Desk): Promise<void> {
    const old = this.song.peek();
    this.song.value = song;
    if (desk === this.desk && old && sameSong(old, song)) {
      this.engine.peek()?.accompany(song);
      this.listen(this.state.peek().source);
      return;
    }
    const turn = ++this.made;
    this.resume ||= this.state.peek().playing;
    const closing = this.dispose();
    this.desk = desk;
    await closing;
    try {
      if (turn === this.made) {
        await this.take(await createEngine(song, desk.mix.peek(), desk.console.peek().layout), desk, turn);
      }
    } catch (reason) {
      if (turn === this.made) {
        this.desk = null; // so that it is tried again
        this.problem.value = messageOf(reason);
      }
    }
  }

  async close(): Promise<void> {
    this.made++;
    this.stop();
    await this.dispose();
  }

  toggle(): void {
    this.resume = false;
    if (this.state.peek().playing) {
      this.engine.peek()?.pause();
    } else {
      this.engine
        .peek()
        ?.play()
        .catch((reason: unknown) => {
          this.problem.value = messageOf(reason);
        });
    }
  }

  /** Whether to play as soon as there is something to hear. */
  playLater(wanted: boolean): void {
    this.resume = wanted;
  }

  toggleLoop(): void {
    this.looping.value = !this.looping.peek();
  }

  /** Loops a section, in frames; null for no section any more. */
  loopOver(section: [number, number] | null): void {
    this.section.value = section;
    this.looping.value = section !== null;
  }

  /** Back to where the loop begins, or to the beginning. */
  rewind(): void {
    this.engine.peek()?.pause();
    this.seek(this.looping.peek() ? (this.section.peek()?.[0] ?? 0) : 0);
  }

  seek(frame: number): void {
    const last = this.song.peek()?.song.frames ?? 0;
    const to = Math.round(Math.min(Math.max(frame, 0), last));
    this.state.value = { ...this.state.peek(), frame: to };
    this.engine.peek()?.seek(to);
  }

  seekSeconds(seconds: number): void {
    this.seek(seconds * (this.song.peek()?.sampleRate ?? 0));
  }

  listen(wanted: Source): void {
    const source = wanted === "mix" || this.song.peek()?.[wanted] ? wanted : "mix";
    this.state.value = { ...this.state.peek(), source };
    this.engine.peek()?.listen(source);
  }

  /** What the server measured over the whole song. */
  measured(delivery: DeliveryEvent, ceilingDbtp: number): void {
    this.delivery = delivery;
    this.ceilingDbtp = ceilingDbtp;
    this.tell();
  }

  /** How loud the sources are that the console does not make. */
  heard(levels: SourceLevels): void {
    this.levels = levels;
    this.tell();
  }

  /** Goes on with a new engine where the old one was, unless it came too late. */
  private async take(engine: Engine, desk: Desk, turn: number): Promise<void> {
    const song = this.song.peek();
    if (turn !== this.made || !song) {
      await engine.close();
      return;
    }
    const { frame, source } = this.state.peek();
    engine.onState((state) => {
      this.state.value = state;
    });
    engine.accompany(song); // it may have changed while the engine was made
    desk.attach(engine);
    this.engine.value = engine;
    this.problem.value = "";
    engine.seek(Math.min(frame, song.song.frames));
    this.listen(source);
    this.tell();
    if (this.resume) {
      this.resume = false;
      await engine.play();
    }
  }

  private tell(): void {
    const engine = this.engine.peek();
    const delivery = this.delivery;
    if (engine && delivery) {
      const { gain_db: gainDb, trim_db: trimDb, limited } = delivery;
      engine.deliver({ gainDb, trimDb, limited, ceilingDbtp: this.ceilingDbtp });
      const mix = { loudnessLufs: delivery.loudness_lufs, truePeakDbtp: delivery.true_peak_dbtp };
      engine.gains(equalGains({ ...this.levels, mix }));
    }
  }

  private whole(): [number, number] | null {
    const frames = this.song.value?.song.frames;
    return frames ? [0, frames] : null;
  }

  private async dispose(): Promise<void> {
    const engine = this.engine.peek();
    const { frame, source } = this.state.peek();
    this.engine.value = null;
    this.state.value = { ...AT_REST, frame, source };
    this.desk?.attach(null);
    this.desk = null;
    await engine?.close();
  }
}

/** Whether two are the same but for what runs along. */
function sameSong(one: SongInfo, other: SongInfo): boolean {
  const heart = ({ sampleRate, song, responseUrl }: SongInfo) => JSON.stringify([sampleRate, song, responseUrl]);
  return heart(one) === heart(other);
}
