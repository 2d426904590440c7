import { expect, test, vi } from "vitest";
import { type Tapped, Watches } from "./watches";

vi.stubGlobal("AnalyserNode", class {});

function tapped() {
  const tap = vi.fn<Tapped["tap"]>();
  const connectTaps = vi.fn();
  return { context: {} as BaseAudioContext, tap, connectTaps } satisfies Tapped;
}

test("a strip is watched until that is ended", () => {
  const graph = tapped();
  const watch = new Watches(graph).begin(3, "input");
  expect(graph.tap).toHaveBeenLastCalledWith(3, "input");
  watch.end();
  expect(graph.tap).toHaveBeenLastCalledWith(null, "output");
});

test("a watch that ends late leaves the next one alone", () => {
  const graph = tapped();
  const watches = new Watches(graph);
  const first = watches.begin(3, "output");
  watches.begin(3, "output");
  first.end();
  expect(graph.tap).toHaveBeenLastCalledWith(3, "output");
});
