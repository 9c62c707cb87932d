import { hasLabel, matchesTerms, parseFilterTerms } from "../../../src/lib/operations/filter-terms";
import { failureOf } from "../../helpers/failure";

const keys = ["name", "label", "port"] as const;
const parse = (...texts: string[]) =>
  parseFilterTerms(texts, keys, (key, value) =>
    key === "port" && !/^\d+$/.test(value) ? "a number" : undefined,
  );

test.each([
  [["name=a"], ["name=a"]],
  [["name!=a"], ["name!=a"]],
  [
    ["name=a,name=b", "port=1"],
    ["name=a", "name=b", "port=1"],
  ],
  [["label=app=web"], ["label=app=web"]],
  [["label!=app=a!=b"], ["label!=app=a!=b"]],
  [[], []],
])("%j is read", (texts, expected) => {
  const shown = parse(...texts).map(({ key, value, negated }) => `${key}${negated ? "!" : ""}=${value}`);
  expect(shown).toEqual(expected);
});

test.each([
  ["color=red", 'unknown filter "color": it must be name, label or port'],
  ["", 'invalid filter "": it must be KEY=VALUE or KEY!=VALUE'],
  ["name", 'invalid filter "name": it must be KEY=VALUE or KEY!=VALUE'],
  ["name=", 'invalid filter "name=": its value is missing'],
  ["name!=", 'invalid filter "name!=": its value is missing'],
  ["name=a,", 'invalid filter "": it must be KEY=VALUE or KEY!=VALUE'],
  ["name=a,b", 'invalid filter "b": it must be KEY=VALUE or KEY!=VALUE'],
  ["port=x", 'invalid filter "port=x": its value must be a number'],
  ["=a", 'unknown filter "": it must be name, label or port'],
  ["constructor=a", 'unknown filter "constructor": it must be name, label or port'],
])("%j is refused", async (text, message) => {
  const failure = await failureOf(() => parse(text));
  expect({ code: failure.code, message: failure.message }).toEqual({ code: "BAD_ARGUMENT", message });
});

describe("conditions together", () => {
  const all = ["ax", "ay", "bx", "by"];
  const fitting = (...texts: string[]) =>
    all.filter(matchesTerms(parse(...texts), (item, { value }) => item.includes(value), ["label"]));

  test.each([
    [[], ["ax", "ay", "bx", "by"]],
    [["name=a"], ["ax", "ay"]],
    [
      ["name=a", "name=b"],
      ["ax", "ay", "bx", "by"],
    ],
    [["label=a", "label=x"], ["ax"]],
    [["label=a", "label=b"], []],
    [["name=a", "label=x"], ["ax"]],
    [["name!=a"], ["bx", "by"]],
    [
      ["name!=ax", "name!=by"],
      ["ay", "bx"],
    ],
    [["name=a", "name!=x"], ["ay"]],
  ])("%j", (texts, expected) => {
    expect(fitting(...texts)).toEqual(expected);
  });
});

test.each([
  ["app", true],
  ["app=web", true],
  ["app=we", false],
  ["ap", false],
  ["empty", true],
  ["empty=", true],
  ["expr=a=b", true],
  ["expr=a", false],
  ["constructor", false],
])("label %s", (wanted, expected) => {
  expect(hasLabel({ app: "web", empty: "", expr: "a=b" }, wanted)).toBe(expected);
});
