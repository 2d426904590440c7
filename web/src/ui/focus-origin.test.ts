import { fireEvent } from "@testing-library/preact";
import { afterEach, expect, test } from "vitest";
import { focusedByKeyboard } from "./focus-origin";

afterEach(() => document.body.replaceChildren());

function button(): HTMLButtonElement {
  return document.body.appendChild(document.createElement("button"));
}

test("what was clicked was not reached by keyboard, whatever is pressed on it then", () => {
  const clicked = button();
  fireEvent.pointerDown(clicked);
  clicked.focus();
  fireEvent.keyDown(clicked, { key: " " });
  expect(focusedByKeyboard()).toBe(false);
});

test("what a key leads to was reached by keyboard", () => {
  const [clicked, next] = [button(), button()];
  fireEvent.pointerDown(clicked);
  clicked.focus();
  fireEvent.keyDown(clicked, { key: "Tab" });
  next.focus();
  expect(focusedByKeyboard()).toBe(true);
});
