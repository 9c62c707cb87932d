import { endOfJsonString, parseExactJson } from "../../../src/lib/system/exact-json";
import { failureOf } from "../../helpers/failure";

test.each([
  `[18446744073709551615,-9223372036854775808,9007199254740993]`,
  `{"a":1.50,"b":1e5,"c":-0,"d":1E-7,"e":0.1,"f":[1,-2,300]}`,
  `{"12345678901234567890":"98765432109876543210","x":"a \\"12345678901234567890\\" \\\\"}`,
  `12345678901234567890`,
])("%s comes back to the letter", (text) => {
  const { value, stringify } = parseExactJson("file", text);
  expect(stringify(value)).toBe(text);
});

test("parts that were changed stand beside parts that were not", () => {
  const { value, stringify } = parseExactJson("file", `{"id":"a","size":18446744073709551615,"names":["x"]}`);
  expect(stringify({ ...(value as object), names: ["y", "number-1"] })).toBe(
    `{"id":"a","size":18446744073709551615,"names":["y","number-1"]}`,
  );
});

test.each([`[01]`, `[1 18446744073709551615]`, `[18446744073709551615x]`, `{18446744073709551615:1}`, `[-]`])(
  "%s is no JSON, as for everybody",
  async (text) => {
    const error = await failureOf(() => parseExactJson("the-file", text));
    expect(error.code).toBe("CORRUPT");
    expect(error.message).toContain("the-file does not hold valid JSON");
  },
);

test("strings may be as long as the file, and numbers behind them keep their digits", () => {
  for (const piece of ["x", '\\"', "\\\\"]) {
    const text = `{"a":"${piece.repeat(16_000_000 / piece.length)}","limit":9223372036854775807}`;
    const { value, stringify } = parseExactJson("file", text);
    expect(stringify(value) === text).toBe(true);
  }
});

test("lists within lists are told where they cannot be written", async () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const { value, stringify } = parseExactJson("the-file", deep);
  const error = await failureOf(() => stringify(value));
  expect(error.code).toBe("CORRUPT");
  expect(error.message).toContain("the-file cannot be written anew: ");
});

test.each([
  ['"abc" x', 4],
  ['"a\\"b"', 5],
  ['"a\\\\" "', 4],
  ['""', 1],
  ['"open', -1],
  ['"open\\"', -1],
])("the string at the beginning of %s ends at %d", (text, end) => {
  expect(endOfJsonString(text, 0)).toBe(end);
});
