/** The live spectrum of a strip. */

import { useEffect, useRef } from "preact/hooks";
import type { Engine } from "../engine/types";
import type { Strip } from "../model/types";
import { Canvas, type Surface } from "../ui/canvas";
import { frames } from "../ui/frame-loop";
import { useDesk } from "./desk-context";
import { hzOf, type Plot } from "./eq-plot";

const FLOOR_DB = -100;
const CEILING_DB = -10;
/** Music falls by about as much towards the top: with it a balanced mix is level. */
const TILT_DB_PER_OCTAVE = 3;
const TILT_AROUND_HZ = 1000;
const COLUMN_PX = 2;

interface SpectrumProps {
  strip: Strip;
  where: "input" | "output";
}

export function Spectrum({ strip, where }: SpectrumProps) {
  const { engine } = useDesk();
  const source = useRef<SpectrumSource | null>(null);
  useEffect(() => {
    if (!engine) {
      return undefined;
    }
    const watch = engine.watch(strip, where);
    source.current = new SpectrumSource(engine, watch.analyser);
    const stop = engine.onState(() => frames.wake());
    return () => {
      stop();
      watch.end();
      source.current = null;
    };
  }, [engine, strip, where]);
  return <Canvas class="eq-spectrum" draw={(surface) => source.current?.draw(surface) ?? false} />;
}

/** Reads an analyser and draws what it has. */
class SpectrumSource {
  readonly #bins: Float32Array<ArrayBuffer>;

  constructor(
    readonly engine: Engine,
    readonly analyser: AnalyserNode,
  ) {
    this.#bins = new Float32Array(analyser.frequencyBinCount);
  }

  draw(surface: Surface): boolean {
    const { context, width, height, colours } = surface;
    this.analyser.getFloatFrequencyData(this.#bins);
    const binHz = this.engine.context.sampleRate / 2 / this.#bins.length;
    const plot: Plot = { size: { width, height }, edgeDb: 1 };
    context.beginPath();
    context.moveTo(0, height);
    let heard = false;
    for (let x = 0; x <= width; x += COLUMN_PX) {
      const hz = hzOf(plot, x);
      const db = highest(this.#bins, hz / binHz, hzOf(plot, x + COLUMN_PX) / binHz);
      const tilted = db + TILT_DB_PER_OCTAVE * Math.log2(hz / TILT_AROUND_HZ);
      heard ||= tilted > FLOOR_DB;
      context.lineTo(x, height * (1 - Math.min(Math.max((tilted - FLOOR_DB) / (CEILING_DB - FLOOR_DB), 0), 1)));
    }
    context.lineTo(width, height);
    context.fillStyle = colours.spectrum;
    context.globalAlpha = 0.32;
    context.fill();
    context.globalAlpha = 1;
    return this.engine.state.playing || heard;
  }
}

/** The highest bin between two places, or what lies between two bins where they are closer than that. */
function highest(bins: Float32Array, from: number, to: number): number {
  const [first, last] = [Math.ceil(from), Math.floor(to)];
  if (first > last) {
    const below = Math.floor(from);
    const share = from - below;
    return (1 - share) * (bins[below] ?? FLOOR_DB) + share * (bins[below + 1] ?? FLOOR_DB);
  }
  let most = Number.NEGATIVE_INFINITY;
  for (let bin = first; bin <= last; bin++) {
    most = Math.max(most, bins[bin] ?? Number.NEGATIVE_INFINITY);
  }
  return most;
}
