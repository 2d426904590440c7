/** A rotary control. */

import { toPlace } from "../model/taper";
import { type Control, placeOf } from "./control";
import { useControlInput } from "./control-input";
import "./knob.css";

/** Degrees to either side of the top. */
const SWING = 135;
const RADIUS = 13;
const TRAVEL_PX = 160;

interface KnobProps {
  control: Control;
  tabIndex?: number;
  /** Left and right turn it too. */
  sideways?: boolean;
}

/** Turned by dragging up and down; its arc goes out from the low end, or from the middle where its range has one. */
export function Knob({ control, tabIndex = 0, sideways = false }: KnobProps) {
  const input = useControlInput(control, { travelPx: () => TRAVEL_PX, sideways });
  const place = placeOf(control);
  const { low, high } = control.param;
  const origin = low === -high ? toPlace(control.law, control.param, 0) : 0;
  const [x, y] = pointAt(place, RADIUS - 5);
  return (
    <div {...input} class="knob" tabIndex={tabIndex}>
      <svg class="knob-face" viewBox="-16 -16 32 32" aria-hidden="true">
        <path class="knob-way" d={arc(0, 1)} />
        <path class="knob-arc" d={arc(Math.min(origin, place), Math.max(origin, place))} />
        <circle class="knob-body" r={RADIUS - 4} />
        <line class="knob-hand" x1={0.45 * x} y1={0.45 * y} x2={x} y2={y} />
      </svg>
    </div>
  );
}

function pointAt(place: number, radius: number): [number, number] {
  const angle = ((2 * place - 1) * SWING * Math.PI) / 180;
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
}

function arc(from: number, to: number): string {
  const [x0, y0] = pointAt(from, RADIUS);
  const [x1, y1] = pointAt(to, RADIUS);
  const large = (to - from) * 2 * SWING > 180 ? 1 : 0;
  return `M${x0.toFixed(2)} ${y0.toFixed(2)}A${RADIUS} ${RADIUS} 0 ${large} 1 ${x1.toFixed(2)} ${y1.toFixed(2)}`;
}
