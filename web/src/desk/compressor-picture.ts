/** What the compressor's pictures draw. */

import { staticCurveDb } from "../engine/dsp/compressor";
import type { Surface } from "../ui/canvas";
import type { LevelHistory } from "./meter-bank";

export const LOW_DB = -60;
export const HIGH_DB = 6;
const GRID_DB = [-48, -36, -24, -12, 0];
const STEP_PX = 2;

export interface StaticSettings {
  thresholdDb: number;
  ratio: number;
  kneeDb: number;
  makeupDb: number;
}

const along = (db: number, length: number) => ((db - LOW_DB) / (HIGH_DB - LOW_DB)) * length;

/** The static curve with its grid and threshold, and a dot where the level is now. */
export function drawTransfer(surface: Surface, settings: StaticSettings, levelDb: number, reductionDb: number): void {
  const { context, width, height, colours } = surface;
  const line = (x0: number, y0: number, x1: number, y1: number) => {
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  };
  context.lineWidth = 1;
  context.strokeStyle = colours.line;
  for (const db of GRID_DB) {
    line(Math.round(along(db, width)) + 0.5, 0, Math.round(along(db, width)) + 0.5, height);
    line(0, Math.round(height - along(db, height)) + 0.5, width, Math.round(height - along(db, height)) + 0.5);
  }
  line(0, height, width, 0);
  context.setLineDash([3, 3]);
  context.strokeStyle = colours["text-dim"];
  line(along(settings.thresholdDb, width), 0, along(settings.thresholdDb, width), height);
  context.setLineDash([]);
  drawCurve(surface, settings);
  if (levelDb > LOW_DB) {
    const y = height - along(levelDb - reductionDb + settings.makeupDb, height);
    context.beginPath();
    context.arc(along(Math.min(levelDb, HIGH_DB), width), Math.min(Math.max(y, 4), height - 4), 4, 0, 2 * Math.PI);
    context.fillStyle = colours.text;
    context.fill();
  }
}

function drawCurve({ context, width, height, colours }: Surface, settings: StaticSettings): void {
  context.beginPath();
  for (let x = 0; x <= width; x += STEP_PX) {
    const inDb = LOW_DB + ((HIGH_DB - LOW_DB) * x) / width;
    context.lineTo(x, height - along(staticCurveDb(inDb, settings), height));
  }
  context.strokeStyle = colours.accent;
  context.lineWidth = 2;
  context.stroke();
}

const REDUCTION_RANGE_DB = 24;

/** The last seconds: peaks from below, what was taken away from above. */
export function drawHistory({ context, width, height, colours }: Surface, history: LevelHistory): void {
  const xOf = (age: number) => width * (1 - age / (history.length - 1));
  const trace = (from: number, yOf: (age: number) => number) => {
    context.beginPath();
    context.moveTo(width, from);
    for (let age = 0; age < history.length; age++) {
      context.lineTo(xOf(age), yOf(age));
    }
    context.lineTo(0, from);
  };
  trace(height, (age) => height - Math.max(along(Math.min(history.peakDb(age), HIGH_DB), height), 0));
  context.globalAlpha = 0.35;
  context.fillStyle = colours.spectrum;
  context.fill();
  trace(0, (age) => (height * Math.min(history.reductionDb(age), REDUCTION_RANGE_DB)) / REDUCTION_RANGE_DB);
  context.globalAlpha = 0.55;
  context.fillStyle = colours.reduction;
  context.fill();
  context.globalAlpha = 1;
}
