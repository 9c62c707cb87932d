import { KpodError } from "../../src/lib/errors";

test("an error keeps its code, message and hint", () => {
  const error = new KpodError("NOT_FOUND", "image x is not in the store", { hint: "load it" });
  expect([error.code, error.message, error.hint]).toEqual([
    "NOT_FOUND",
    "image x is not in the store",
    "load it",
  ]);
});
