import { computed, signal } from "@preact/signals";

/** Where the user is: the list of sessions, or in one. */
export type Route = { view: "start" } | { view: "session"; id: string };

const hash = signal(location.hash);
addEventListener("hashchange", () => {
  hash.value = location.hash;
});

export const route = computed<Route>(() => routeOf(hash.value));

function routeOf(text: string): Route {
  const found = /^#\/s\/([\w-]+)$/.exec(text);
  return found ? { view: "session", id: found[1] } : { view: "start" };
}

export function hrefOf(to: Route): string {
  return to.view === "session" ? `#/s/${encodeURIComponent(to.id)}` : "#/";
}

export function go(to: Route): void {
  location.hash = hrefOf(to);
}
