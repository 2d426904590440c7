import type { AnalysisWindow } from "../../api/types";

export const SHORTEST_WINDOW_S = 1;
export const LONGEST_WINDOW_S = 60;
const USUAL_S = 12;

export type WindowPart = "start" | "end" | "whole";
export type WindowOf = "song" | "reference";

const START = { song: "start_s", reference: "reference_start_s" } as const;

export function windowStart(window: AnalysisWindow, of: WindowOf): number {
  return window[START[of]];
}

/** A first window: the middle of both, which seldom is silent. */
export function usualWindow(songS: number, referenceS: number): AnalysisWindow {
  const seconds = Math.max(SHORTEST_WINDOW_S, Math.min(USUAL_S, songS, referenceS));
  const middle = (lengthS: number) => tenth(Math.max(0, (lengthS - seconds) / 2));
  return { start_s: middle(songS), reference_start_s: middle(referenceS), seconds: tenth(seconds) };
}

/**
 * The window with one of its parts moved to a time. It is equally long on both songs, so pulling at an end of one
 * makes it longer on the other too, as far as that goes.
 */
export function movedWindow(
  window: AnalysisWindow,
  of: WindowOf,
  part: WindowPart,
  toS: number,
  durations: Record<WindowOf, number>,
): AnalysisWindow {
  const key = START[of];
  const start = window[key];
  if (part === "whole") {
    return { ...window, [key]: tenth(clamp(toS, 0, durations[of] - window.seconds)) };
  }
  const other: WindowOf = of === "song" ? "reference" : "song";
  const room = Math.min(LONGEST_WINDOW_S, durations[other] - window[START[other]]);
  if (part === "end") {
    const longest = Math.min(room, durations[of] - start);
    return { ...window, seconds: tenth(clamp(toS - start, SHORTEST_WINDOW_S, longest)) };
  }
  const end = start + window.seconds;
  const from = tenth(clamp(toS, Math.max(0, end - room), end - SHORTEST_WINDOW_S));
  return { ...window, [key]: from, seconds: tenth(end - from) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}

function tenth(seconds: number): number {
  return Math.round(10 * seconds) / 10;
}
