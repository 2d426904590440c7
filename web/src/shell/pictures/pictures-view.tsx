import type { Pictures } from "../../api/types";
import type { SessionModel } from "../session/session-model";
import { clock } from "../wording";
import { FREQUENCY_AXIS, steps, timeAxis } from "./axis";
import { loudnessOverTime, spectra, toneDifference, topOf } from "./comparison";
import { Distances } from "./distances";
import { Facts, Gauges } from "./facts";
import { LineChart } from "./line-chart";
import { StereoFields } from "./stereo-fields";
import "./pictures-view.css";

/** What explains a mix: set against its reference, before and after. */
export function PicturesView({ model }: { model: SessionModel }) {
  const pictures = model.pictures.value;
  if (!pictures) {
    return <div class="pictures" aria-busy="true" />;
  }
  return (
    <div class="pictures">
      {!pictures.after_is_current && (
        <p class="pictures-stale text-dim" role="status">
          The mix has changed; its pictures follow in a moment.
        </p>
      )}
      <Gauges gauges={pictures.gauges} />
      <div class="pictures-grid">
        <Tone pictures={pictures} />
        <Loudness pictures={pictures} />
        <StereoFields pictures={pictures} />
        <Facts pictures={pictures} />
        {pictures.distances.length > 0 && <Distances distances={pictures.distances} />}
      </div>
    </div>
  );
}

const TELLING_HZ = [31, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000];
const SPECTRUM_DB = 54;

function hertz(value: number): string {
  return value < 1000 ? `${Math.round(value)} Hz` : `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} kHz`;
}

function Tone({ pictures }: { pictures: Pictures }) {
  const mid = spectra(pictures, "tone", "mid_db");
  const side = spectra(pictures, "width", "side_db");
  const top = topOf(mid);
  const level = steps(top - SPECTRUM_DB, top, 12);
  const common = { x: FREQUENCY_AXIS, formatX: hertz, unit: "dB", tableAt: TELLING_HZ };
  return (
    <>
      <LineChart {...common} title="Mid" note="the middle, at equal loudness" y={level} series={mid} />
      <LineChart {...common} title="Side" note="what is wide" y={level} series={side} />
      <LineChart
        {...common}
        title="Tone against the reference"
        note="within the band is close"
        y={steps(-15, 15, 5)}
        near={[-3, 3]}
        series={toneDifference(pictures)}
      />
    </>
  );
}

function Loudness({ pictures }: { pictures: Pictures }) {
  const series = loudnessOverTime(pictures);
  const longest = Math.max(1, ...Object.values(pictures.sounds).map(({ seconds }) => seconds));
  const x = timeAxis(longest);
  return (
    <LineChart
      title="Loudness over time"
      note="short-term"
      x={x}
      y={steps(-18, 9, 3)}
      series={series}
      formatX={(value) => clock(value)}
      unit="LU"
      spans={pictures.windows_s}
      tableAt={x.ticks.map(({ at }) => at)}
    />
  );
}
