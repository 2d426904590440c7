/** Values as people write and type them: `-3.2 dB`, `1.25 kHz`, `12 ms`, `30 L`. */

import { clamped } from "./scale";
import type { Param } from "./types";

const PERCENT = 100;
const THOUSAND = 1000;

/** The last part of a name tells how a value without a unit is written. */
const PLAIN_FORMATS: Record<string, (value: number) => string> = {
  pan: formatPan,
  mix: formatPercent,
  width: formatPercent,
  ratio: (value) => `${fixed(value, value < 10 ? 2 : 1)} : 1`,
};

/** Decibels that are a width, not more or less of something. */
const UNSIGNED = new Set(["knee_db"]);

/** A value with its unit, as exact as it can be heard. */
export function formatValue(param: Param, value: number): string {
  if (isOff(param, value)) {
    return "off";
  }
  switch (param.unit) {
    case "dB":
      return `${formatBare(param, value)} dB`;
    case "LUFS":
    case "dBTP":
      return `${fixed(value, 1)} ${param.unit}`;
    case "Hz":
      return formatHz(value);
    case "ms":
      return formatMs(value);
    case "s":
      return value < 1 ? formatMs(THOUSAND * value) : `${fixed(value, 2)} s`;
    default:
      return (PLAIN_FORMATS[keyword(param.name)] ?? ((plain: number) => fixed(plain, 2)))(value);
  }
}

/** A value in its own unit, without saying which: `-3.2`, `0.91`. */
export function formatBare(param: Param, value: number): string {
  if (param.unit !== "dB") {
    return fixed(value, 2);
  }
  return UNSIGNED.has(keyword(param.name)) ? fixed(value, 1) : formatDb(value);
}

/** Decibels with their sign and one decimal: `+2.0`, `-3.2`, `0.0`. */
export function formatDb(value: number): string {
  if (value === Number.NEGATIVE_INFINITY) {
    return "-∞";
  }
  const text = fixed(value, 1);
  return value > 0 && text !== "0.0" ? `+${text}` : text;
}

function formatHz(value: number): string {
  if (value < THOUSAND) {
    return `${fixed(value, value < 100 ? 1 : 0)} Hz`;
  }
  return `${fixed(value / THOUSAND, value < 10 * THOUSAND ? 2 : 1)} kHz`;
}

function formatMs(value: number): string {
  if (value >= THOUSAND) {
    return `${fixed(value / THOUSAND, 2)} s`;
  }
  return `${fixed(value, value < 1 ? 2 : value < 100 ? 1 : 0)} ms`;
}

function formatPan(value: number): string {
  const percent = Math.round(PERCENT * Math.abs(value));
  return percent === 0 ? "centre" : `${percent} ${value < 0 ? "L" : "R"}`;
}

function formatPercent(value: number): string {
  return `${Math.round(PERCENT * value)} %`;
}

/** Without the sign of a zero that something negative was rounded to. */
function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** A typed value within the range of a control, or null when it cannot be read. */
export function parseValue(param: Param, text: string): number | null {
  const typed = text.trim().toLowerCase().replace("−", "-").replace(",", ".");
  if (/^(off|-\s*(inf|∞))/.test(typed)) {
    return param.low;
  }
  if (keyword(param.name) === "pan") {
    return parsePan(param, typed);
  }
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(k|m)?\s*(hz|db|lufs|dbtp|s|ms|%|:\s*1)?$/.exec(typed);
  return match ? clamped(param, Number(match[1]) * factor(param, match[2] ?? "", match[3] ?? "")) : null;
}

/** What a typed number is multiplied by for the prefix and the unit behind it. */
function factor(param: Param, prefix: string, unit: string): number {
  if (unit === "%" || (unit === "" && PLAIN_FORMATS[keyword(param.name)] === formatPercent)) {
    return 1 / PERCENT;
  }
  if (param.unit === "ms") {
    return unit === "s" && prefix !== "m" ? THOUSAND : 1;
  }
  if (param.unit === "s") {
    return prefix === "m" ? 1 / THOUSAND : 1;
  }
  return prefix === "k" ? THOUSAND : 1;
}

/** `30 L`, `l30`, `c`, `-30`: percent to a side. */
function parsePan(param: Param, typed: string): number | null {
  if (/^c(ent(re|er))?$/.test(typed)) {
    return 0;
  }
  const match = /^([lr]?)\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*%?\s*([lr]?)$/.exec(typed);
  if (!match) {
    return null;
  }
  const side = match[1] || match[3];
  const percent = Number(match[2]) * (side === "l" ? -1 : 1);
  return clamped(param, percent / PERCENT);
}

/** Of these the lowest value is none: nothing is sent, no loudness is aimed at. */
const OFF_AT_LOWEST = /^send\.|\.loudness_lufs$/;

function isOff(param: Param, value: number): boolean {
  return OFF_AT_LOWEST.test(param.name) && value <= param.low;
}

function keyword(control: string): string {
  return control.slice(control.lastIndexOf(".") + 1);
}
