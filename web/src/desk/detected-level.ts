/** The level that a compressor hears. Meters are behind fader and pan, so what comes between is taken away again. */

import type { Desk } from "../model/desk";
import type { Strip } from "../model/types";
import type { Levels } from "../ui/levels";

const MIDDLE = Math.SQRT1_2;

/** Peak at the compressor's input, dBFS; about so where the master makes the mix wider or narrower. */
export function detectedDb(desk: Desk, strip: Strip, levels: Levels): number {
  const read = (control: string) =>
    desk.console.peek().section(strip).has(control) ? desk.value(strip, control).peek() : 0;
  const behindDb = read("compressor.makeup_db") + read("fader.gain_db") + panDb(desk, strip, read("panner.pan"));
  return Math.max(...levels.peakDb) - behindDb + levels.reductionDb;
}

/** Gain of the louder side: a mono track is 3 dB down in the middle, and a stereo track keeps the side turned to. */
function panDb(desk: Desk, strip: Strip, pan: number): number {
  const mono = typeof strip === "number" && desk.track(strip).peek()?.channels === 1;
  const angle = (Math.abs(pan) * Math.PI) / 4;
  return mono ? 20 * Math.log10(MIDDLE * (Math.cos(angle) + Math.sin(angle))) : 0;
}
