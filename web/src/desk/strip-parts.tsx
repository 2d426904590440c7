/** Parts that strips are put together from. */

import type { ReadonlySignal } from "@preact/signals";
import { formatDb } from "../model/values";
import type { Control } from "../ui/control";
import { Fader, FaderScale } from "../ui/fader";
import { Knob } from "../ui/knob";
import { METER_RANGE, METER_SLOT, Meter } from "../ui/meter";
import { ValueField } from "../ui/value";
import type { StripMeter } from "./meter-bank";
import "./strip.css";

interface CellProps {
  control: Control;
  title: string;
  /** By which the arrows find the same control in the next strip. */
  stop: string;
  tabIndex: number;
}

/** A small knob with its name above and its value below. */
export function KnobCell({ control, title, stop, tabIndex }: CellProps) {
  return (
    <div class={lockedClass("strip-knob", control.locked)} data-stop={stop}>
      <span class="strip-caption" aria-hidden="true">
        {title}
      </span>
      <Knob control={control} tabIndex={tabIndex} />
      <ValueField control={control} class="strip-value" />
    </div>
  );
}

/** A value with its name before it. */
export function ValueCell({ control, title, stop, tabIndex }: CellProps) {
  return (
    <div class={lockedClass(`strip-line strip-${stop}`, control.locked)} data-stop={stop}>
      <span class="strip-caption" aria-hidden="true">
        {title}
      </span>
      <ValueField control={control} class="strip-value" alone tabIndex={tabIndex} />
    </div>
  );
}

interface FaderAreaProps {
  control: Control;
  meter: StripMeter;
  tabIndex: number;
  overDb?: number;
  /** The meter is drawn with those of the other strips: there is only room for it. */
  slot?: boolean;
}

/** Scale, fader and meter, the highest level above and the value below them. */
export function FaderArea({ control, meter, tabIndex, overDb = 0, slot = false }: FaderAreaProps) {
  return (
    <div class={lockedClass("strip-level", control.locked)} data-stop="fader">
      <Highest meter={meter} overDb={overDb} />
      <div class="strip-fader">
        <FaderScale control={control} />
        <Fader control={control} tabIndex={tabIndex} />
        {slot ? <div class={METER_SLOT} /> : <Meter levels={meter.levels} overDb={overDb} />}
        {hasOwnScale(control) && <FaderScale control={METER_SCALE} />}
      </div>
      <ValueField control={control} class="strip-value strip-fader-value" />
    </div>
  );
}

const METER_SCALE = { param: METER_RANGE, law: "level" } as const;

/** Where a fader reaches further than the meter, the numbers beside it are not those of the meter. */
function hasOwnScale({ param }: Control): boolean {
  return param.unit !== "dB" || param.high > METER_RANGE.high;
}

/** The highest level since it was clicked; red once it was over. */
function Highest({ meter, overDb }: { meter: StripMeter; overDb: number }) {
  const db = meter.highestDb.value;
  const silent = db < METER_RANGE.low;
  return (
    <button
      type="button"
      class={`strip-highest figures${db > overDb ? " strip-over" : ""}`}
      tabIndex={-1}
      title="Highest peak, dBFS; click to clear"
      aria-label={silent ? "No peak yet" : `Highest peak ${formatDb(db)} dBFS; clear`}
      onClick={() => meter.clear()}
    >
      {silent ? "–" : formatDb(db)}
    </button>
  );
}

function lockedClass(name: string, locked: ReadonlySignal<boolean>): string {
  return locked.value ? `${name} locked` : name;
}
