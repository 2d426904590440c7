/** The bands of the equalizer in figures. */

import type { Signal } from "@preact/signals";
import { capitalised, controlTitle } from "../model/names";
import type { Control } from "../ui/control";
import { LockButton } from "../ui/lock";
import { ValueField } from "../ui/value";
import type { BandControls } from "./eq-bands";

export function BandTable({ bands, chosen }: { bands: BandControls[]; chosen: Signal<number> }) {
  return (
    <div class="eq-table">
      {bands.map((band, place) => (
        <BandColumn
          key={band.band.name}
          band={band}
          chosen={chosen.value === place}
          choose={() => {
            chosen.value = place;
          }}
        />
      ))}
    </div>
  );
}

function BandColumn({ band, chosen, choose }: { band: BandControls; chosen: boolean; choose: () => void }) {
  return (
    <div class={chosen ? "eq-column eq-column-chosen" : "eq-column"} onFocusIn={choose} onPointerDown={choose}>
      <div class="eq-column-title">
        <span class="eq-column-number">{band.number}</span> {capitalised(band.title)}
      </div>
      <Field control={band.gain} />
      <Field control={band.freq} />
      <Field control={band.q} prefix="Q" />
      {band.others.map((control) => (
        <Field key={control.param.name} control={control} prefix={lastWord(control)} />
      ))}
    </div>
  );
}

function lastWord({ param }: Control): string {
  return controlTitle(param.name.slice(param.name.lastIndexOf(".")));
}

function Field({ control, prefix }: { control: Control; prefix?: string }) {
  const locked = control.locked.value;
  return (
    <div class={locked ? "eq-field locked" : "eq-field"}>
      {prefix && <span class="eq-prefix">{prefix}</span>}
      <ValueField control={control} alone class="eq-value" />
      {control.lock && <LockButton state={locked ? "all" : "none"} label={control.label.value} onLock={control.lock} />}
    </div>
  );
}
