/** The equalizer of a strip as a small curve. */

import { useComputed } from "@preact/signals";
import type { Strip } from "../model/types";
import { useDesk } from "./desk-context";
import { bandsOf, coefficientsOf, frequencies, responseAt } from "./response";

const WIDTH = 76;
const HEIGHT = 32;
const SHOWN_DB = 14;
const FREQS_HZ = frequencies(39, 25, 18_000);

export function MiniEq({ strip }: { strip: Strip }) {
  const { desk } = useDesk();
  // Of the equalizer alone: no other control of the strip draws the curve again.
  const coefficients = useComputed(() => {
    const section = desk.console.value.section(strip);
    return [
      ...coefficientsOf(bandsOf(section), desk.settings(strip).value, section.defaults, desk.sampleRate.value),
    ].join();
  });
  const path = useComputed(() => pathOf(coefficients.value, desk.sampleRate.value));
  return (
    <svg class="mini-eq" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <line class="mini-eq-zero" x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      <path class="mini-eq-area" d={`${path.value}L${WIDTH} ${HEIGHT / 2}L0 ${HEIGHT / 2}Z`} />
      <path class="mini-eq-curve" d={path.value} />
    </svg>
  );
}

function pathOf(coefficients: string, sampleRate: number): string {
  const numbers = Float64Array.from(coefficients.split(","), Number);
  const gains = responseAt(numbers, sampleRate, FREQS_HZ);
  const points = gains.map((db, at) => {
    const held = Math.min(Math.max(db, -SHOWN_DB), SHOWN_DB);
    const y = (HEIGHT / 2) * (1 - held / SHOWN_DB);
    return `${((at / (FREQS_HZ.length - 1)) * WIDTH).toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}
