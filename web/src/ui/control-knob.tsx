/** A knob with its name, its value and its padlock. */

import { capitalised, controlTitle } from "../model/names";
import type { Control } from "./control";
import { Knob } from "./knob";
import { LockButton } from "./lock";
import { ValueField } from "./value";
import "./control-knob.css";

export function ControlKnob({ control }: { control: Control }) {
  const { lock } = control;
  const locked = control.locked.value;
  return (
    <div class={locked ? "control-knob locked" : "control-knob"} title={control.param.about || undefined}>
      <span class="control-knob-title" aria-hidden="true">
        {capitalised(controlTitle(control.param.name))}
      </span>
      <div class="control-knob-face">
        <Knob control={control} sideways />
        {lock && <LockButton state={locked ? "all" : "none"} label={control.label.value} onLock={lock} />}
      </div>
      <ValueField control={control} class="control-knob-value" />
    </div>
  );
}
