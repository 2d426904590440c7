/** The keys of the page. Parts of it add theirs while they are shown; the help lists all that are there. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { focusedByKeyboard } from "../ui/focus-origin";

export interface Shortcut {
  /** As `KeyboardEvent.key` has them, with `Ctrl+` and `Shift+` before: `Ctrl+z`. On a Mac, Ctrl is the command key. */
  keys: readonly string[];
  about: string;
  run: () => void;
}

const groups = signal<readonly { name: string; shortcuts: readonly Shortcut[] }[]>([]);

export const shortcutGroups = groups;

/** These keys work while the component is shown; of the same key in several groups the newest counts. */
export function useShortcuts(name: string, shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    const group = { name, shortcuts };
    groups.value = [...groups.peek(), group];
    return () => {
      groups.value = groups.peek().filter((other) => other !== group);
    };
  }, [name, shortcuts]);
}

const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const PRESSED =
  "button:not(.strip-name), a[href], summary, input, [role=button], [role=tab], [role=radio], [role=menuitem]";

/** A key that was taken on its way down: what has the focus must not be pressed by its way up. */
let taken = "";

/** Runs shortcuts from now on. @returns what ends it. */
export function listenToKeys(): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  addEventListener("keydown", onKeyDown, { signal });
  addEventListener("keyup", onKeyUp, { signal });
  return () => ended.abort();
}

/** Runs the shortcut of a key, unless the key means something where the focus is. */
export function onKeyDown(event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  if (
    event.defaultPrevented ||
    event.isComposing ||
    target?.closest(TYPING) ||
    document.querySelector("dialog[open]")
  ) {
    return;
  }
  const key = keyOf(event);
  // After a click a button keeps the focus: space plays all the same, as in every audio program. It still presses what
  // was reached by keyboard.
  if ((key === "Space" || key === "Enter") && target?.matches(PRESSED) && focusedByKeyboard()) {
    return;
  }
  const shortcut = groups
    .peek()
    .flatMap((group) => group.shortcuts)
    .findLast((candidate) => candidate.keys.includes(key));
  if (shortcut) {
    event.preventDefault();
    taken = event.key;
    shortcut.run();
  }
}

function onKeyUp(event: KeyboardEvent): void {
  if (event.key === taken) {
    event.preventDefault();
    taken = "";
  }
}

export function keyOf(event: KeyboardEvent): string {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = /^[a-z]$/.test(key) || key.length > 1;
  return [
    event.ctrlKey || event.metaKey ? "Ctrl+" : "",
    event.altKey ? "Alt+" : "",
    event.shiftKey && letter ? "Shift+" : "",
    key,
  ].join("");
}
