/** The colours of theme.css for what is drawn on canvases. */

import { frames } from "./frame-loop";

const TOKENS = [
  "sunken",
  "line",
  "text",
  "text-dim",
  "accent",
  "meter-low",
  "meter-mid",
  "meter-high",
  "reduction",
  "spectrum",
  "panel",
  "bad",
] as const;

export type Palette = Record<(typeof TOKENS)[number], string>;

let current: Palette | null = null;

/** The colours of the theme that is shown; they follow when it changes. */
export function palette(): Palette {
  if (!current) {
    follow();
  }
  current ??= read();
  return current;
}

function follow() {
  const changed = () => {
    current = read();
    frames.wake();
  };
  new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

function read(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colours = TOKENS.map((token) => [token, style.getPropertyValue(`--${token}`).trim() || "#888"]);
  return Object.fromEntries(colours) as Palette;
}
