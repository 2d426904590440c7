import { columns, type Outline } from "./peaks";
import type { ViewRange } from "./view-range";

export interface WaveColours {
  peak: string;
  body: string;
  axis: string;
}

/** Draws an outline over the whole of a canvas: its peaks, and its RMS within. */
export function drawWave(canvas: HTMLCanvasElement, outline: Outline, range: ViewRange, colours: WaveColours): void {
  const context = canvas.getContext("2d");
  if (!context) {
    return;
  }
  const { width, height } = canvas;
  const values = columns(outline, [range[0], range[1]], width);
  const middle = height / 2;
  const scale = middle - 1;
  context.clearRect(0, 0, width, height);
  context.fillStyle = colours.axis;
  context.fillRect(0, Math.round(middle), width, 1);
  context.fillStyle = colours.peak;
  for (let x = 0; x < width; x++) {
    const top = middle - scale * Math.min(1, values[3 * x + 1]);
    const bottom = middle - scale * Math.max(-1, values[3 * x]);
    context.fillRect(x, top, 1, Math.max(1, bottom - top));
  }
  context.fillStyle = colours.body;
  for (let x = 0; x < width; x++) {
    const rms = scale * Math.min(1, values[3 * x + 2]);
    context.fillRect(x, middle - rms, 1, 2 * rms);
  }
}
