import { effect, signal } from "@preact/signals";
import { remember, remembered } from "./remembered";

const THEMES = ["system", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

const dark = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(dark.matches);
dark.addEventListener("change", () => {
  systemDark.value = dark.matches;
});

export const theme = signal<Theme>(THEMES.find((known) => known === remembered("theme")) ?? "system");

/** Follows the choice of the user, or the system's, from now on. */
export function applyTheme(): () => void {
  return effect(() => {
    const chosen = theme.value === "system" ? (systemDark.value ? "dark" : "light") : theme.value;
    document.documentElement.dataset.theme = chosen;
    remember("theme", theme.value);
  });
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
}
