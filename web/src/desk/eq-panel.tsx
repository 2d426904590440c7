/** The equalizer at large: its exact curve over the live spectrum, with a handle and three fields for every band. */

import { type Signal, useComputed, useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import type { Strip } from "../model/types";
import { startTyping, step } from "../ui/control";
import { startDrag } from "../ui/drag";
import { Burst, wheelNotches } from "../ui/gestures";
import { useDesk } from "./desk-context";
import { type BandControls, bandPoint, eqBands, moveBand, onBandKey, resetBand, spokenBand } from "./eq-bands";
import { areaOf, GRID_HZ, HIGH_HZ, LOW_HZ, type Plot, pathOf, xOf, yOf } from "./eq-plot";
import { BandTable } from "./eq-table";
import { bandsOf, coefficientsOf, frequencies, responseAt } from "./response";
import { OtherKnobs, SectionPanel } from "./section-panel";
import { useSize } from "./size";
import { Spectrum } from "./spectrum";
import "./eq-panel.css";

const FREQS_HZ = frequencies(256, LOW_HZ, HIGH_HZ);
const HANDLE_PX = 9;
/** Room above the highest gain of a band, since bands add up. */
const HEADROOM = 1.3;

export function EqPanel({ strip }: { strip: Strip }) {
  const { controls } = useDesk();
  const bands = useMemo(() => eqBands(controls, strip), [controls, strip]);
  const drawn = bands.flatMap(({ gain, freq, q, others }) => [gain, freq, q, ...others]);
  const chosen = useSignal(0);
  const where = useSignal<"input" | "output">("output");
  return (
    <SectionPanel strip={strip} effect="eq" class="eq-panel" tools={<WhereSwitch where={where} />}>
      <EqGraph strip={strip} bands={bands} chosen={chosen} where={where} />
      <BandTable bands={bands} chosen={chosen} />
      <OtherKnobs strip={strip} effect="eq" drawn={drawn} />
    </SectionPanel>
  );
}

function WhereSwitch({ where }: { where: Signal<"input" | "output"> }) {
  const after = where.value === "output";
  return (
    <button
      type="button"
      class="panel-tool"
      aria-pressed={!after}
      title="Which spectrum is drawn: behind the strip, or as it comes in"
      onClick={() => {
        where.value = after ? "input" : "output";
      }}
    >
      Spectrum {after ? "out" : "in"}
    </button>
  );
}

interface EqGraphProps {
  strip: Strip;
  bands: BandControls[];
  chosen: Signal<number>;
  where: Signal<"input" | "output">;
}

function EqGraph({ strip, bands, chosen, where }: EqGraphProps) {
  const element = useRef<HTMLDivElement>(null);
  const size = useSize(element);
  const burst = useMemo(() => new Burst(), []);
  const plot: Plot = { size: size.value, edgeDb: HEADROOM * (bands[0]?.gain.param.high ?? 12) };
  const onWheel = (event: WheelEvent) => {
    const notches = wheelNotches(event);
    const band = bands[chosen.peek()];
    if (notches !== null && band) {
      event.preventDefault();
      step(band.q, 2 * notches, event.shiftKey ? "fine" : "normal", burst.next());
    }
  };
  return (
    <div class="eq-graph" ref={element} onWheel={onWheel}>
      <Spectrum strip={strip} where={where.value} />
      <svg class="eq-drawing" width={plot.size.width} height={plot.size.height} aria-hidden="true">
        <Grid plot={plot} />
        <Curves strip={strip} plot={plot} chosen={chosen} />
      </svg>
      <svg class="eq-drawing" width={plot.size.width} height={plot.size.height}>
        <title>Bands</title>
        {bands.map((band, place) => (
          <Handle
            key={band.band.name}
            {...{ strip, band, plot }}
            chosen={chosen.value === place}
            choose={() => {
              chosen.value = place;
            }}
          />
        ))}
      </svg>
    </div>
  );
}

const GRID_DB = [-12, -6, 0, 6, 12];

function Grid({ plot }: { plot: Plot }) {
  const { width, height } = plot.size;
  return (
    <g>
      {GRID_HZ.map(({ hz, text }) => (
        <g key={hz}>
          <line class="eq-line" x1={xOf(plot, hz)} x2={xOf(plot, hz)} y1={0} y2={height} />
          <text class="eq-text" x={xOf(plot, hz) + 3} y={height - 4}>
            {text}
          </text>
        </g>
      ))}
      {GRID_DB.filter((db) => Math.abs(db) < plot.edgeDb).map((db) => (
        <g key={db}>
          <line class={db ? "eq-line" : "eq-line eq-zero"} x1={0} x2={width} y1={yOf(plot, db)} y2={yOf(plot, db)} />
          <text class="eq-text" x={4} y={yOf(plot, db) - 3}>
            {db > 0 ? `+${db}` : db}
          </text>
        </g>
      ))}
    </g>
  );
}

function Curves({ strip, plot, chosen }: { strip: Strip; plot: Plot; chosen: Signal<number> }) {
  const { desk } = useDesk();
  const section = desk.console.value.section(strip);
  const sampleRate = desk.sampleRate.value;
  const values = desk.settings(strip).value;
  const bands = useMemo(() => bandsOf(section), [section]);
  const gainsOf = (some: typeof bands) =>
    responseAt(coefficientsOf(some, values, section.defaults, sampleRate), sampleRate, FREQS_HZ);
  const all = gainsOf(bands);
  const one = gainsOf(bands.slice(chosen.value, chosen.value + 1));
  return (
    <g>
      <path class="eq-one" d={areaOf(plot, FREQS_HZ, one)} />
      <path class="eq-area" d={areaOf(plot, FREQS_HZ, all)} />
      <path class="eq-curve" d={pathOf(plot, FREQS_HZ, all)} />
    </g>
  );
}

interface HandleProps {
  strip: Strip;
  band: BandControls;
  plot: Plot;
  chosen: boolean;
  choose: () => void;
}

function Handle({ strip, band, plot, chosen, choose }: HandleProps) {
  const { desk, controls } = useDesk();
  const burst = useMemo(() => new Burst(), []);
  const [x, y] = bandPoint(plot, band);
  const locked = useComputed(() => band.gain.locked.value && band.freq.locked.value);
  const onPointerDown = (event: PointerEvent) => {
    choose();
    let at = [x, y];
    startDrag(event, {
      move: (right, up, gesture) => {
        at = [at[0] + right, at[1] - up];
        moveBand(controls, strip, band, plot, at[0], at[1], gesture);
      },
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Delete" || event.key === "Backspace") {
      resetBand(controls, strip, band);
    } else if (event.key === "Enter") {
      startTyping(band.gain, event.currentTarget as Element);
    } else if (!onBandKey(event, band, burst.next())) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <g
      class={["eq-handle", chosen && "eq-chosen", locked.value && "eq-locked"].filter(Boolean).join(" ")}
      role="slider"
      tabIndex={0}
      aria-label={`${desk.name(strip).value}, EQ ${band.title}`}
      aria-valuemin={band.gain.param.low}
      aria-valuemax={band.gain.param.high}
      aria-valuenow={band.gain.value.value}
      aria-valuetext={spokenBand(band)}
      transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}
      onFocus={choose}
      onPointerDown={onPointerDown}
      onPointerEnter={choose}
      onKeyDown={onKeyDown}
      onDblClick={() => resetBand(controls, strip, band)}
    >
      <circle class="eq-touch" r={2 * HANDLE_PX} />
      <circle class="eq-knob" r={HANDLE_PX} />
      <text class="eq-number" y={3.5}>
        {band.number}
      </text>
    </g>
  );
}
