import { fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import type { About } from "../api/types";
import { DeliveryInput } from "./delivery-input";
import { serverFacts } from "./server-facts";

afterEach(() => {
  serverFacts.value = null;
});

test("a loudness is taken within the bounds that the server declares, and nothing else is", () => {
  const delivery = [{ name: "render.loudness_lufs", unit: "LUFS", low: -30, high: -3 }];
  serverFacts.value = { about: { delivery } as About, layouts: [] };
  const onChange = vi.fn();
  render(<DeliveryInput id="loudness" name="render.loudness_lufs" label="Loudness" value={-14} onChange={onChange} />);
  const input = screen.getByLabelText("Loudness");
  for (const typed of ["-31", "-2", "", "-16.5"]) {
    fireEvent.change(input, { target: { value: typed } });
  }
  expect(onChange.mock.calls).toEqual([[-16.5]]);
});
