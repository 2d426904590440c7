import type { Pictures } from "../../api/types";
import { figure } from "../wording";
import { heardFor, NAMES } from "./comparison";
import "./distances.css";

const KINDS = ["reference", "before", "after"] as const;

/** Figures of the three, side by side. */
export function Facts({ pictures }: { pictures: Pictures }) {
  const heard = heardFor(pictures, "level") as Partial<Record<(typeof KINDS)[number], Record<string, unknown>>>;
  return (
    <section class="chart" aria-labelledby="facts">
      <div class="chart-head">
        <h3 id="facts">Figures</h3>
      </div>
      <table class="facts">
        <thead>
          <tr>
            <td />
            {KINDS.map((kind) => (
              <th scope="col" key={kind}>
                {NAMES[kind]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pictures.figures.map((row) => (
            <tr key={row.key} title={row.about}>
              <th scope="row">
                {row.name} <span class="text-dim">{row.unit === "Hz" ? "kHz" : row.unit}</span>
              </th>
              {KINDS.map((kind) => (
                <td class="figures" key={kind}>
                  {shown(heard[kind]?.[row.key], row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Frequencies in kHz, where one decimal says what there is to say. */
function shown(value: unknown, { unit, decimals }: Pictures["figures"][number]): string {
  if (typeof value !== "number") {
    return figure(null);
  }
  return unit === "Hz" ? figure(value / 1000, 1) : figure(value, decimals);
}

/** How far the mix is from the reference in what one hears first. */
export function Gauges({ gauges }: { gauges: Pictures["gauges"] }) {
  return (
    <ul class="gauges" aria-label="How far from the reference">
      {gauges.map((gauge) => (
        <li class="gauge" key={gauge.name}>
          <span class="text-dim">{gauge.name}</span>
          <div>
            <span class="gauge-value">{figure(size(gauge.after_db ?? gauge.before_db))}</span>{" "}
            <span class="text-dim">
              dB from the reference
              {gauge.after_db !== null && gauge.before_db !== null && `, ${figure(size(gauge.before_db))} before`}
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}

function size(value: number | null): number | null {
  return value === null ? null : Math.abs(value);
}
