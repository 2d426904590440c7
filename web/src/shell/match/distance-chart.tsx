import type { Trail } from "../session/jobs";
import { figure } from "../wording";
import "./distance-chart.css";

const [WIDTH, HEIGHT, MARGIN] = [296, 96, 4];
const STAGES = { master: "master", tracks: "tracks" } as const;

/** The distance to the reference as it falls, one stretch per stage. */
export function DistanceChart({ trails }: { trails: readonly Trail[] }) {
  const first = trails[0]?.points[0]?.best;
  const last = trails.at(-1)?.points.at(-1)?.best;
  const top = Math.max(...trails.flatMap(({ points }) => points.map(({ best }) => best)), 1e-9);
  const stretch = WIDTH / Math.max(2, trails.length);
  const fall = first && last !== undefined ? Math.round(100 * (1 - last / first)) : null;
  return (
    <figure class="distance-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={spoken(trails)}>
        <path class="distance-axis" d={`M0 ${HEIGHT - MARGIN}H${WIDTH}`} />
        {trails.map((trail, place) => (
          <g key={trail.stage}>
            <path class="distance-line" d={lineOf(trail, place * stretch, stretch, top)} />
            {place > 0 && <path class="distance-axis" d={`M${place * stretch} 0V${HEIGHT}`} />}
            <text class="distance-stage" x={place * stretch + 4} y={HEIGHT - 10}>
              {STAGES[trail.stage] ?? trail.stage} {trail.points.at(-1)?.step ?? 0}/{trail.total}
            </text>
          </g>
        ))}
      </svg>
      <figcaption class="match-note">
        {trails.length > 0 ? `Distance ${figure(last, 2)}${fall ? `, ${fall} % nearer` : ""}` : "Distance"}
      </figcaption>
    </figure>
  );
}

function lineOf({ points, total }: Trail, left: number, width: number, top: number): string {
  const at = points.map(({ step, best }) => {
    const x = left + (width * step) / Math.max(1, total);
    const y = MARGIN + (HEIGHT - 2 * MARGIN) * (1 - best / top);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return at.length > 0 ? `M${at.join("L")}` : "";
}

function spoken(trails: readonly Trail[]): string {
  return trails
    .map(({ stage, points }) => `${stage}: from ${figure(points[0]?.best, 2)} to ${figure(points.at(-1)?.best, 2)}`)
    .join(", ");
}
