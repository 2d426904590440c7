/** The decay of the reverb as a small picture: a line per band, as loud and as long as it is. */

import { useComputed } from "@preact/signals";
import { useDesk } from "./desk-context";
import { reverbBands } from "./reverb-controls";

const WIDTH = 76;
const HEIGHT = 32;
const SHOWN_S = 4;
const SHOWN_DB = 60;

export function DecayPicture() {
  const { controls } = useDesk();
  const paths = useComputed(() =>
    reverbBands(controls).map(({ gain, decay }) => {
      const start = Math.min(Math.max(-gain.value.value, 0), SHOWN_DB);
      const end = (WIDTH * decay.value.value * (1 - start / SHOWN_DB)) / SHOWN_S;
      return `M0 ${((HEIGHT * start) / SHOWN_DB).toFixed(1)}L${Math.min(end, 4 * WIDTH).toFixed(1)} ${HEIGHT}`;
    }),
  );
  return (
    <svg class="mini-eq decay-picture" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {paths.value.map((path) => (
        <path key={path} class="decay-line" d={path} />
      ))}
    </svg>
  );
}
