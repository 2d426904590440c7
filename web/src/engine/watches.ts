/** The spectrum of one strip at a time, for drawing. */

import type { Strip } from "../model/types";
import type { Watch } from "./types";

const FFT_SIZE = 4096;

/** What can be tapped: of all that want to watch, the last one does. */
export interface Tapped {
  readonly context: BaseAudioContext;
  connectTaps(node: AudioNode): void;
  tap(strip: Strip | null, where: "input" | "output"): void;
}

export class Watches {
  private readonly analyser: AnalyserNode;
  private current: Watch | null = null;

  constructor(private readonly tapped: Tapped) {
    this.analyser = new AnalyserNode(tapped.context, { fftSize: FFT_SIZE });
    tapped.connectTaps(this.analyser);
  }

  begin(strip: Strip, where: "input" | "output"): Watch {
    const watch: Watch = { analyser: this.analyser, end: () => this.end(watch) };
    this.current = watch;
    this.tapped.tap(strip, where);
    return watch;
  }

  /** Parts of a page may go after those that take their place have come: what these watch goes on. */
  private end(watch: Watch): void {
    if (this.current === watch) {
      this.current = null;
      this.tapped.tap(null, "output");
    }
  }
}
