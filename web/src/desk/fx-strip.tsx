/** The strip of the reverb: how much of it returns. */

import { useComputed } from "@preact/signals";
import { DecayPicture } from "./decay-picture";
import { useDesk } from "./desk-context";
import { returnControl } from "./reverb-controls";
import { StripHead } from "./strip-head";
import { FaderArea, KnobCell } from "./strip-parts";

export function FxStrip() {
  const { desk, controls, meters } = useDesk();
  const selected = useComputed(() => desk.selected.value === "fx");
  const tabIndex = selected.value ? 0 : -1;
  const mix = controls.find("fx", "reverb.mix");
  const level = returnControl(controls);
  return (
    <section class={`strip strip-fx${selected.value ? " strip-selected" : ""}`} aria-label="Reverb" data-strip="fx">
      <div class="strip-group" />
      <StripHead strip="fx" tabIndex={tabIndex} />
      <DecayPicture />
      <div class="strip-line strip-input" />
      <div class="strip-knobs strip-knobs-one">
        {mix && <KnobCell control={mix} title="wet" stop="send" tabIndex={tabIndex} />}
      </div>
      <div class="strip-switches" />
      {level && <FaderArea control={level} meter={meters.strip("fx")} tabIndex={tabIndex} />}
    </section>
  );
}
