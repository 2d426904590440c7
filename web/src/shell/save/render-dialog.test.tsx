import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { delivery, exampleDesk } from "../../../test/desk-fixtures";
import type { About, Job } from "../../api/types";
import { serverFacts } from "../server-facts";
import { SessionModel } from "../session/session-model";
import { JobResult } from "./job-result";
import { RenderDialog } from "./render-dialog";

let model: SessionModel;

beforeEach(() => {
  vi.stubGlobal("EventSource", class extends EventTarget {});
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  HTMLDialogElement.prototype.showModal ??= () => {};
  serverFacts.value = { about: { delivery } as unknown as About, layouts: [] };
  model = new SessionModel("song");
});

afterEach(() => {
  cleanup();
  serverFacts.value = null;
  vi.unstubAllGlobals();
});

test("the tail is one of the mix: what is chosen for a file stays in the document, and can be undone", () => {
  const desk = exampleDesk();
  model.document.desk.value = desk;
  render(<RenderDialog model={model} stems={false} onClose={() => {}} />);
  const input = screen.getByLabelText("Tail, s");
  expect(input).toHaveProperty("value", "0");
  for (const typed of ["31", "-1", "2.5"]) {
    fireEvent.change(input, { target: { value: typed } });
  }
  expect(desk.mix.value.render.tail_s).toBe(2.5);
  desk.undo();
  expect(desk.mix.value.render.tail_s).toBe(0);
});

test("what is to be known of a mix that was written stands below it, not below its stems", () => {
  const result = { files: ["Song.wav", "Song stems.zip"], notes: ["The reverb is cut off at the end."] };
  render(<JobResult model={model} job={{ id: "1", state: "done", result } as unknown as Job} />);
  const [mix, stems] = screen.getAllByRole("listitem");
  expect(mix.textContent).toBe("Song.wavThe reverb is cut off at the end.");
  expect(stems.textContent).toBe("Song stems.zip");
});
