import { signal } from "@preact/signals";

/** Whether the page can be seen: it is not in a tab behind others. */
export const visible = signal(!document.hidden);

document.addEventListener("visibilitychange", () => {
  visible.value = !document.hidden;
});
