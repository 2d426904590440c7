/** Reports of the audio thread as levels in dB. */

import { amplitudeToDb, powerToDb } from "./dsp/units";
import { type ConsoleReport, LEVELS_PER_TRACK, type MasterReport, type PairLevels } from "./messages";
import type { MeterFrame } from "./types";

type TrackMeters = MeterFrame["tracks"][number];

/** The meters of what both halves of the audio thread reported last. */
export function meterFrame(console: ConsoleReport, master: MasterReport): MeterFrame {
  return {
    frame: console.frame,
    tracks: trackMeters(console),
    fx: pairMeters(master.fx, master.samples),
    master: {
      ...pairMeters(master.master, master.samples),
      reductionDb: master.reductionDb,
      limitingDb: master.limitingDb,
      momentaryLufs: master.momentaryLufs,
      shortTermLufs: master.shortTermLufs,
    },
  };
}

function trackMeters({ levels, samples }: ConsoleReport): TrackMeters[] {
  return Array.from({ length: levels.length / LEVELS_PER_TRACK }, (_, track) => {
    const [peakLeft, peakRight, energyLeft, energyRight, reductionDb] = levels.subarray(
      track * LEVELS_PER_TRACK,
      (track + 1) * LEVELS_PER_TRACK,
    );
    return { ...pairMeters({ peakLeft, peakRight, energyLeft, energyRight }, samples), reductionDb };
  });
}

/** RMS is that of the louder side. */
function pairMeters(levels: PairLevels, samples: number): { peakDb: [number, number]; rmsDb: number } {
  const energy = Math.max(levels.energyLeft, levels.energyRight);
  return {
    peakDb: [amplitudeToDb(levels.peakLeft), amplitudeToDb(levels.peakRight)],
    rmsDb: powerToDb(energy / Math.max(1, samples)),
  };
}
