/** A page without a page: the engine for tests in a real browser, which call it by these names. */

import { renderOffline } from "../src/engine/offline";
import { caseOf, measureIfAsked, open } from "./measure";

/** Renders a case, and posts the result as float32, left then right; returns its length. */
async function render(name: string): Promise<number> {
  const { song, mix, layout, delivery } = await caseOf(name);
  const rendered = await renderOffline(song, mix, layout, delivery);
  const both = new Blob([new Float32Array(rendered.getChannelData(0)), new Float32Array(rendered.getChannelData(1))]);
  await fetch(`/result/${name}`, { method: "POST", body: both });
  return rendered.length;
}

Object.assign(window, { diffmst: { render, open } });
void measureIfAsked();
