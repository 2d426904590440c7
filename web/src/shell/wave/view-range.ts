/** The stretch of a song that a waveform shows, in seconds. */
export type ViewRange = readonly [fromS: number, toS: number];

const SHORTEST_S = 1;

/** In or out around a point, which stays where it is. */
export function zoomed([from, to]: ViewRange, durationS: number, factor: number, aroundS: number): ViewRange {
  const span = Math.min(durationS, Math.max(Math.min(SHORTEST_S, durationS), (to - from) * factor));
  const start = aroundS - ((aroundS - from) * span) / (to - from);
  return held([start, start + span], durationS);
}

export function scrolled([from, to]: ViewRange, durationS: number, byS: number): ViewRange {
  return held([from + byS, to + byS], durationS);
}

function held([from, to]: ViewRange, durationS: number): ViewRange {
  const span = to - from;
  const start = Math.min(Math.max(0, from), Math.max(0, durationS - span));
  return [start, start + span];
}

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

/** Where times are written under a waveform, at least so many pixels apart. */
export function ticks([from, to]: ViewRange, width: number, leastPx = 80): number[] {
  const wanted = ((to - from) * leastPx) / Math.max(1, width);
  const step = STEPS_S.find((known) => known >= wanted) ?? 1200;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_, at) => (first + at) * step);
}
