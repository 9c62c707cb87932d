import { TruncIndex } from "../../../src/lib/names/trunc-index";
import { failureOf } from "../../helpers/failure";

const ids = ["abc123", "abc9", "abd", "b", "ff00ff", "ff00ff11"];

test.each([
  ["abc1", "abc123"],
  ["abc123", "abc123"],
  ["abd", "abd"],
  ["b", "b"],
  ["ff00ff", "ff00ff"],
  ["ff00ff1", "ff00ff11"],
])("%s stands for %s", (prefix, id) => {
  expect(new TruncIndex([...ids].reverse()).get(prefix)).toBe(id);
});

test.each(["a", "abc", "ff", "ff00f"])("%s fits several", async (prefix) => {
  const error = await failureOf(() => new TruncIndex(ids).get(prefix));
  expect(error.code).toBe("AMBIGUOUS");
  expect(error.message).toBe(`multiple IDs found with prefix ${prefix}`);
});

test.each(["", "c", "abc1234", "ABC", "0"])("%j fits none", async (prefix) => {
  const error = await failureOf(() => new TruncIndex(ids).get(prefix));
  expect(error.code).toBe("NOT_FOUND");
  expect(error.message).toContain("ID does not exist");
});

test("all that fit come in order; an empty prefix fits none", () => {
  const index = new TruncIndex([...ids, "abd"]);
  expect(index.matches("ab")).toEqual(["abc123", "abc9", "abd"]);
  expect(index.matches("ff00ff")).toEqual(["ff00ff", "ff00ff11"]);
  expect([index.matches(""), index.matches("zz"), index.matches("abe")]).toEqual([[], [], []]);
});

test("ids come and go", async () => {
  const index = new TruncIndex();
  for (const id of ["m", "z", "a", "mm"]) index.add(id);
  expect(
    (
      await failureOf(() => {
        index.add("m");
      })
    ).code,
  ).toBe("CONFLICT");
  for (const bad of ["", "a b"])
    expect(
      (
        await failureOf(() => {
          index.add(bad);
        })
      ).code,
    ).toBe("BAD_ARGUMENT");
  const seen: string[] = [];
  index.iterate((id) => {
    seen.push(id);
    index.delete(id);
  });
  expect(seen).toEqual(["a", "m", "mm", "z"]);
  for (const gone of ["a", "", "x"])
    expect(
      (
        await failureOf(() => {
          index.delete(gone);
        })
      ).code,
    ).toBe("NOT_FOUND");
});

test("a part of an id is not deleted", async () => {
  const index = new TruncIndex(["abc"]);
  expect(
    (
      await failureOf(() => {
        index.delete("ab");
      })
    ).code,
  ).toBe("NOT_FOUND");
  expect(index.get("ab")).toBe("abc");
});
