/** A level meter: peak and RMS of left and right, held peaks, what clipped, and gain reduction beside them. */

import { toPlace } from "../model/taper";
import { Canvas, type Surface } from "./canvas";
import type { Levels } from "./levels";
import "./meter.css";

/** The law of faders, so that a fader at 0 dB stands beside 0 dBFS. */
export const METER_RANGE = {
  name: "",
  unit: "dB",
  low: -60,
  high: 12,
  default: 0,
  scale: "linear",
  about: "",
} as const;
const FULL_SCALE_DB = 0;
const HIGH_DB = -6;
const REDUCTION_RANGE_DB = 18;

/** Space that a fader beside it leaves at both ends: half of its cap. */
const MARGIN_PX = 14;

/** Where a meter will be drawn by someone else. */
export const METER_SLOT = "meter";

interface MeterProps {
  levels: Levels;
  /** Where it turns red; the ceiling of a master. */
  overDb?: number;
}

export function Meter({ levels, overDb = FULL_SCALE_DB }: MeterProps) {
  return (
    <Canvas
      class="meter"
      draw={(surface, nowMs) => {
        levels.fall(nowMs);
        drawMeter(surface, levels, overDb);
        return levels.moving;
      }}
    />
  );
}

const REDUCTION_PX = 3;
const GAP_PX = 1;

/** Over the whole surface, left and right side by side. */
export function drawMeter(surface: Surface, levels: Levels, overDb: number = FULL_SCALE_DB): void {
  const { context, width, height, colours } = surface;
  const bar = (width - REDUCTION_PX - 3 * GAP_PX) / 2;
  const yOf = (db: number) => height - MARGIN_PX - toPlace("level", METER_RANGE, db) * (height - 2 * MARGIN_PX);
  const bottom = height - MARGIN_PX;
  const top = MARGIN_PX;
  for (const side of [0, 1]) {
    const x = side * (bar + GAP_PX);
    context.fillStyle = colours.sunken;
    context.fillRect(x, top, bar, bottom - top);
    drawBar(surface, x, bar, yOf, levels.peakDb[side], levels.rmsDb, overDb);
    const held = yOf(levels.holdDb[side]);
    if (held < bottom - 1) {
      context.fillStyle = zoneColour(surface, levels.holdDb[side], overDb);
      context.fillRect(x, Math.round(held) - 1, bar, 2);
    }
    context.fillStyle = levels.highestDb > overDb ? colours["meter-high"] : colours.sunken;
    context.fillRect(x, top - 8, bar, 5);
  }
  drawReduction(surface, width - REDUCTION_PX, top, bottom, levels.reductionDb);
}

/** Peaks are pale, the RMS within them is full: from its height the loudness can be read. */
function drawBar(
  surface: Surface,
  x: number,
  width: number,
  yOf: (db: number) => number,
  peakDb: number,
  rmsDb: number,
  overDb: number,
): void {
  const { context, colours } = surface;
  const zones: [number, number, string][] = [
    [METER_RANGE.low, HIGH_DB, colours["meter-low"]],
    [HIGH_DB, overDb, colours["meter-mid"]],
    [overDb, METER_RANGE.high, colours["meter-high"]],
  ];
  for (const [levelDb, alpha] of [
    [peakDb, 0.5],
    [Math.min(rmsDb, peakDb), 1],
  ]) {
    context.globalAlpha = alpha;
    for (const [fromDb, toDb, colour] of zones) {
      if (levelDb > fromDb) {
        const y = yOf(Math.min(levelDb, toDb));
        context.fillStyle = colour;
        context.fillRect(x, y, width, yOf(fromDb) - y);
      }
    }
  }
  context.globalAlpha = 1;
}

function drawReduction({ context, colours }: Surface, x: number, top: number, bottom: number, reductionDb: number) {
  context.fillStyle = colours.sunken;
  context.fillRect(x, top, REDUCTION_PX, bottom - top);
  const share = Math.min(reductionDb / REDUCTION_RANGE_DB, 1);
  context.fillStyle = colours.reduction;
  context.fillRect(x, top, REDUCTION_PX, share * (bottom - top));
}

function zoneColour({ colours }: Surface, db: number, overDb: number): string {
  return db > overDb ? colours["meter-high"] : db > HIGH_DB ? colours["meter-mid"] : colours["meter-low"];
}
