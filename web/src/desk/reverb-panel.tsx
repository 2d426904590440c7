/** The reverb: the level of every band, and how long it rings, each as a curve to draw. */

import { useMemo, useRef } from "preact/hooks";
import { bandTitle, capitalised } from "../model/names";
import { toPlace } from "../model/taper";
import type { Strip } from "../model/types";
import { formatValue } from "../model/values";
import { type Control, placeOf, restValue } from "../ui/control";
import { useControlInput } from "../ui/control-input";
import { LockButton } from "../ui/lock";
import { ValueField } from "../ui/value";
import { useDesk } from "./desk-context";
import { reverbBands } from "./reverb-controls";
import { OtherKnobs, SectionPanel } from "./section-panel";
import { useSize } from "./size";
import "./reverb-panel.css";

export function ReverbPanel({ strip }: { strip: Strip }) {
  const { controls } = useDesk();
  const bands = useMemo(() => reverbBands(controls), [controls]);
  return (
    <SectionPanel strip={strip} effect="reverb" class="reverb-panel">
      <div class="reverb-curves">
        <BandCurve title="level" names={bands.map(({ name }) => name)} controls={bands.map(({ gain }) => gain)} />
        <BandCurve title="decay" names={bands.map(({ name }) => name)} controls={bands.map(({ decay }) => decay)} />
        <OtherKnobs strip={strip} effect="reverb" drawn={bands.flatMap(({ gain, decay }) => [gain, decay])} />
      </div>
    </SectionPanel>
  );
}

interface BandCurveProps {
  title: string;
  names: string[];
  controls: Control[];
}

const MARGIN_PX = 12;
/** Room for the numbers of the grid; as in reverb-panel.css. */
const NUMBERS_PX = 40;

/** One control per band, as points of a curve. */
function BandCurve({ title, names, controls }: BandCurveProps) {
  const element = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(element).value;
  const travel = Math.max(height - 2 * MARGIN_PX, 0);
  const column = Math.max(width - NUMBERS_PX, 0) / controls.length;
  const xOf = (place: number) => NUMBERS_PX + (place + 0.5) * column;
  const yOf = (place: number) => MARGIN_PX + travel * (1 - place);
  const points = controls.map((control, at) => `${xOf(at).toFixed(1)} ${yOf(placeOf(control)).toFixed(1)}`);
  const rest = controls.map(
    (control, at) => `${xOf(at).toFixed(1)} ${yOf(toPlace(control.law, control.param, restValue(control))).toFixed(1)}`,
  );
  return (
    <figure class="reverb-curve">
      <figcaption class="reverb-title">{capitalised(title)}</figcaption>
      <div class="reverb-graph" ref={element}>
        <svg class="reverb-drawing" width={width} height={height} aria-hidden="true">
          <Grid control={controls[0]} width={width} yOf={yOf} />
          <path class="reverb-rest" d={`M${rest.join("L")}`} />
          <path
            class="reverb-area"
            d={`M${xOf(0)} ${height}L${points.join("L")}L${xOf(controls.length - 1)} ${height}Z`}
          />
          <path class="reverb-line" d={`M${points.join("L")}`} />
        </svg>
        <svg class="reverb-drawing" width={width} height={height}>
          <title>{`Reverb, ${title} of the bands`}</title>
          {controls.map((control, at) => (
            <Point
              key={control.param.name}
              control={control}
              x={xOf(at)}
              y={yOf(placeOf(control))}
              {...{ column, travel, height }}
            />
          ))}
        </svg>
      </div>
      <div class="reverb-table">
        {controls.map((control, at) => (
          <div key={control.param.name} class={control.locked.value ? "reverb-cell locked" : "reverb-cell"}>
            <ValueField control={control} class="reverb-value" bare />
            <span class="reverb-band">{bandTitle(names[at])}</span>
            <LockButton
              state={control.locked.value ? "all" : "none"}
              label={control.label.value}
              onLock={(on) => control.lock?.(on)}
            />
          </div>
        ))}
      </div>
    </figure>
  );
}

const NUMBER_HEIGHT_PX = 11;
const GRID: Record<string, number[]> = { dB: [12, 0, -12, -24, -36, -60], s: [0.1, 0.2, 0.5, 1, 2, 5] };

function Grid({ control, width, yOf }: { control: Control; width: number; yOf: (place: number) => number }) {
  const { param, law } = control;
  const yAt = (value: number) => yOf(toPlace(law, param, value));
  const values = (GRID[param.unit] ?? []).filter((value) => value >= param.low && value <= param.high);
  const numbered: number[] = [];
  for (const value of values) {
    if (numbered.every((other) => Math.abs(yAt(other) - yAt(value)) >= NUMBER_HEIGHT_PX)) {
      numbered.push(value);
    }
  }
  return (
    <g>
      {values.map((value) => {
        const y = yAt(value);
        return (
          <g key={value}>
            <line class="reverb-grid" x1={0} x2={width} y1={y} y2={y} />
            {numbered.includes(value) && (
              <text class="reverb-text" x={4} y={y - 3}>
                {formatValue(param, value)}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

interface PointProps {
  control: Control;
  x: number;
  y: number;
  column: number;
  travel: number;
  height: number;
}

function Point({ control, x, y, column, travel, height }: PointProps) {
  const input = useControlInput(control, { travelPx: () => travel, vertical: true });
  return (
    <g {...input} class="reverb-point" tabIndex={0}>
      <rect class="reverb-touch" x={x - column / 2} y={0} width={column} height={height} />
      <circle class="reverb-dot" cx={x} cy={y} r={6} />
    </g>
  );
}
