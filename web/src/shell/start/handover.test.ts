import { expect, test } from "vitest";
import { unlike } from "./handover";

test("a new song is called unlike all that there are", () => {
  expect(unlike([], "New song")).toBe("New song");
  expect(unlike(["Ballad", "New song"], "New song")).toBe("New song 2");
  expect(unlike(["New song", "New song 2"], "New song")).toBe("New song 3");
});
