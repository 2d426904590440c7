/** A vertical fader. */

import { toPlace } from "../model/taper";
import { type Control, placeOf, restValue } from "./control";
import { useControlInput } from "./control-input";
import "./fader.css";

/** As in fader.css. */
const CAP_PX = 28;

interface FaderProps {
  control: Control;
  tabIndex?: number;
}

/** Moves by dragging from where it is grabbed, so that a touch never makes it jump. */
export function Fader({ control, tabIndex = 0 }: FaderProps) {
  const input = useControlInput(control, {
    travelPx: (element) => element.clientHeight - CAP_PX,
    vertical: true,
  });
  const rest = toPlace(control.law, control.param, restValue(control));
  return (
    <div {...input} class="fader" tabIndex={tabIndex}>
      <div class="fader-slot" />
      <div class="fader-rest" style={{ "--place": rest }} />
      <div class="fader-cap" style={{ "--place": placeOf(control) }} />
    </div>
  );
}

/** Decibels that may have a line, the most wanted first. */
const TICKS_DB = [0, -10, -20, -40, 12, 6, -5, -60, -30, 24, 48, -50];
/** Shares of the way that two lines are apart at least, on a long fader and on a short one. */
const APART = 0.065;
const FAR_APART = 0.11;

type Scaled = Pick<Control, "param" | "law">;

/** The numbers beside a fader, at the places of its law. */
export function FaderScale({ control }: { control: Scaled }) {
  const far = ticksOf(control, FAR_APART);
  return (
    <div class="fader-scale" aria-hidden="true">
      {ticksOf(control, APART).map((db) => (
        <span
          key={db}
          class={["fader-tick", db === 0 && "fader-tick-zero", !far.includes(db) && "fader-tick-fine"]
            .filter(Boolean)
            .join(" ")}
          style={{ "--place": toPlace(control.law, control.param, db) }}
        >
          {Math.abs(db)}
        </span>
      ))}
    </div>
  );
}

function ticksOf({ param, law }: Scaled, apart: number): number[] {
  const places: number[] = [];
  return TICKS_DB.filter((db) => {
    const place = toPlace(law, param, db);
    const fits = db >= param.low && db <= param.high && places.every((other) => Math.abs(place - other) >= apart);
    if (fits) {
      places.push(place);
    }
    return fits;
  });
}
