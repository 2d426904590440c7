/** Axes of the pictures: where a value lies between 0 and 1, and which values are written. */

export interface Tick {
  at: number;
  name: string;
}

export interface Axis {
  low: number;
  high: number;
  scale: "linear" | "log";
  ticks: readonly Tick[];
}

export function placeOn({ low, high, scale }: Axis, value: number): number {
  return scale === "log" ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** The value at a place of an axis: the inverse of `placeOn`. */
export function valueAt({ low, high, scale }: Axis, place: number): number {
  return scale === "log" ? low * (high / low) ** place : low + (high - low) * place;
}

export const FREQUENCY_AXIS: Axis = {
  low: 20,
  high: 20_000,
  scale: "log",
  ticks: [20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000].map((at) => ({
    at,
    name: at < 1000 ? String(at) : `${at / 1000}k`,
  })),
};

export function steps(low: number, high: number, step: number): Axis {
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  const ticks = Array.from({ length: Math.max(0, count) }, (_, place) => {
    const at = (first + place) * step;
    return { at, name: String(at).replace("-", "\u2212") };
  });
  return { low, high, scale: "linear", ticks };
}

const TIME_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600];

export function timeAxis(seconds: number): Axis {
  const step = TIME_STEPS_S.find((known) => seconds / known <= 10) ?? 1800;
  const axis = steps(0, Math.max(1, seconds), step);
  const name = (at: number) => `${Math.floor(at / 60)}:${String(at % 60).padStart(2, "0")}`;
  return { ...axis, ticks: axis.ticks.map(({ at }) => ({ at, name: name(at) })) };
}
