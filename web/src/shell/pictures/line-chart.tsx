import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { figure } from "../wording";
import { type Axis, placeOn, valueAt } from "./axis";
import { useWidth } from "./use-width";
import "./line-chart.css";

export type SeriesKind = "reference" | "before" | "after";

export interface Series {
  kind: SeriesKind;
  name: string;
  x: readonly number[];
  /** Null where there is nothing. */
  y: readonly (number | null)[];
  filled?: boolean;
}

interface LineChartProps {
  title: string;
  note: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
  /** A place on the x axis in words. */
  formatX: (value: number) => string;
  unit: string;
  /** Drawn behind the curves, in fractions of the plot: stretches of x, and of y. */
  spans?: readonly [number, number][];
  near?: [number, number];
  /** Where the table reads the curves. */
  tableAt: readonly number[];
  height?: number;
}

const [LEFT, BOTTOM, TOP] = [34, 20, 6];

/** Curves over an axis: with a legend, what they say under the pointer, and the same as a table. */
export function LineChart(props: LineChartProps) {
  const { title, note, x, y, series, height = 210 } = props;
  const frame = useRef<HTMLElement>(null);
  const width = useWidth(frame, 480);
  const [at, setAt] = useState<number | null>(null);
  const id = useId();
  const plot: Plot = {
    x,
    y,
    left: LEFT,
    top: TOP,
    width: Math.max(80, width - LEFT - 6),
    height: height - TOP - BOTTOM,
  };
  const hover = (event: PointerEvent & { currentTarget: Element }) => {
    const place = (event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / plot.width;
    setAt(place >= 0 && place <= 1 ? valueAt(x, place) : null);
  };
  return (
    <figure class="chart" ref={frame} aria-labelledby={id}>
      <figcaption class="chart-head">
        <h3 id={id}>{title}</h3>
        <span class="text-dim">{at === null ? note : props.formatX(at)}</span>
        <Legend {...props} at={at} />
      </figcaption>
      <svg
        width={width}
        height={height}
        aria-hidden="true"
        onPointerMove={hover}
        onPointerDown={hover}
        onPointerLeave={() => setAt(null)}
      >
        <Ground {...props} plot={plot} />
        {series
          .filter(({ filled }) => filled)
          .map((one) => (
            <path key={`area ${one.kind}`} class={`chart-area chart-${one.kind}`} d={areaOf(plot, one)} />
          ))}
        {series.map((one) => (
          <path key={one.kind} class={`chart-line chart-${one.kind}`} d={lineOf(plot, one)} />
        ))}
        {at !== null && <Pointer plot={plot} series={series} at={at} />}
      </svg>
      <Table {...props} />
    </figure>
  );
}

interface Plot {
  x: Axis;
  y: Axis;
  left: number;
  top: number;
  width: number;
  height: number;
}

const atX = (plot: Plot, value: number) => plot.left + plot.width * placeOn(plot.x, value);
const atY = (plot: Plot, value: number) =>
  plot.top + plot.height * (1 - Math.min(1.02, Math.max(-0.02, placeOn(plot.y, value))));

function Ground({ plot, spans = [], near }: LineChartProps & { plot: Plot }) {
  const right = plot.left + plot.width;
  const bottom = plot.top + plot.height;
  return (
    <>
      {spans.map(([from, to]) => (
        <rect
          key={from}
          class="chart-span"
          x={atX(plot, from)}
          width={Math.max(1, atX(plot, to) - atX(plot, from))}
          y={plot.top}
          height={plot.height}
        />
      ))}
      {near && (
        <rect
          class="chart-near"
          x={plot.left}
          width={plot.width}
          y={atY(plot, near[1])}
          height={atY(plot, near[0]) - atY(plot, near[1])}
        />
      )}
      {plot.x.ticks.map(({ at, name }) => (
        <g key={at}>
          <path class="chart-grid" d={`M${atX(plot, at)} ${plot.top}V${bottom}`} />
          <text class="chart-tick" x={atX(plot, at)} y={bottom + 14} text-anchor={anchor(plot, at)}>
            {name}
          </text>
        </g>
      ))}
      {plot.y.ticks.map(({ at, name }) => (
        <g key={at}>
          <path class="chart-grid" d={`M${plot.left} ${atY(plot, at)}H${right}`} />
          <text class="chart-tick" x={plot.left - 6} y={atY(plot, at) + 3.5} text-anchor="end">
            {name}
          </text>
        </g>
      ))}
    </>
  );
}

/** The last name stays within the picture. */
function anchor(plot: Plot, at: number): "middle" | "end" {
  return placeOn(plot.x, at) > 0.97 ? "end" : "middle";
}

function Pointer({ plot, series, at }: { plot: Plot; series: readonly Series[]; at: number }) {
  return (
    <>
      <path class="chart-cursor" d={`M${atX(plot, at)} ${plot.top}v${plot.height}`} />
      {series.map((one) => {
        const value = readAt(one, at);
        return value === null ? null : (
          <circle key={one.kind} class={`chart-dot chart-${one.kind}`} cx={atX(plot, at)} cy={atY(plot, value)} r={3} />
        );
      })}
    </>
  );
}

function Legend({ series, at, unit }: LineChartProps & { at: number | null }): ComponentChildren {
  return (
    <ul class="chart-legend">
      {series.map((one) => (
        <li key={one.kind} class={`chart-key chart-${one.kind}`}>
          {one.name}
          <span class="chart-value figures">{at === null ? "" : `${figure(readAt(one, at))} ${unit}`}</span>
        </li>
      ))}
    </ul>
  );
}

function Table({ title, series, tableAt, formatX, unit }: LineChartProps) {
  return (
    <details class="chart-table">
      <summary>Table</summary>
      <table class="figures">
        <caption class="only-spoken">
          {title}, {unit}
        </caption>
        <thead>
          <tr>
            <td />
            {tableAt.map((at) => (
              <th key={at} scope="col">
                {formatX(at)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {series.map((one) => (
            <tr key={one.kind}>
              <th scope="row">{one.name}</th>
              {tableAt.map((at) => (
                <td key={at}>{figure(readAt(one, at))}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** Between the two nearest points; null beyond the ends, and where there is nothing. */
export function readAt({ x, y }: Series, at: number): number | null {
  const next = x.findIndex((value) => value >= at);
  if (next <= 0) {
    return next === 0 && x[0] === at ? y[0] : null;
  }
  const [before, after] = [y[next - 1], y[next]];
  if (before === null || after === null) {
    return null;
  }
  return before + ((after - before) * (at - x[next - 1])) / (x[next] - x[next - 1]);
}

function lineOf(plot: Plot, { x, y }: Series): string {
  let path = "";
  let drawing = false;
  for (let point = 0; point < x.length; point++) {
    const value = y[point];
    const place = placeOn(plot.x, x[point]);
    if (value === null || place < 0 || place > 1) {
      drawing = false;
      continue;
    }
    path += `${drawing ? "L" : "M"}${atX(plot, x[point]).toFixed(1)} ${atY(plot, value).toFixed(1)}`;
    drawing = true;
  }
  return path;
}

/** Down to the bottom, of a curve without gaps. */
function areaOf(plot: Plot, series: Series): string {
  const line = lineOf(plot, series);
  const shown = series.x.filter((at) => placeOn(plot.x, at) >= 0 && placeOn(plot.x, at) <= 1);
  const bottom = plot.top + plot.height;
  return (
    line &&
    `${line}L${atX(plot, shown[shown.length - 1]).toFixed(1)} ${bottom}L${atX(plot, shown[0]).toFixed(1)} ${bottom}Z`
  );
}
