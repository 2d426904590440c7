/** The controls of the reverb, band by band and all at once. */

import type { Control } from "../ui/control";
import type { Controls } from "./controls";

export interface ReverbBand {
  name: string;
  gain: Control;
  decay: Control;
}

export function reverbBands(controls: Controls): ReverbBand[] {
  return controls.desk.console.value.fx.bands("reverb").map((name) => ({
    name,
    gain: controls.get("fx", `reverb.${name}.gain_db`),
    decay: controls.get("fx", `reverb.${name}.rt60_s`),
  }));
}

/** The level of the whole return: that of its loudest band, which the others follow. */
export function returnControl(controls: Controls): Control | null {
  const names = reverbBands(controls).map(({ gain }) => gain.param.name);
  return names.length ? controls.together("fx", names, "return", "reverb.*.gain_db") : null;
}
