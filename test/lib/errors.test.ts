import { errnoOf, KpodError } from "../../src/lib/errors";

test("an error keeps its code, message and hint", () => {
  const error = new KpodError("NOT_FOUND", "image x is not in the store", { hint: "load it" });
  expect([error.code, error.message, error.hint]).toEqual([
    "NOT_FOUND",
    "image x is not in the store",
    "load it",
  ]);
});

test("an error of the operating system is known by its name, or by its number where node leaves the name out", () => {
  expect(errnoOf(Object.assign(new Error("x"), { code: "ENOENT", errno: -2 }))).toBe("ENOENT");
  expect(errnoOf(Object.assign(new Error("x"), { code: "", errno: -16 }))).toBe("EBUSY");
  expect(errnoOf(Object.assign(new Error("x"), { errno: 16 }))).toBe("EBUSY");
  expect(errnoOf(Object.assign(new Error("x"), { errno: -100_000 }))).toBeUndefined();
  expect(errnoOf(new Error("x"))).toBeUndefined();
});
