import { haveTags } from "../../../src/lib/logs/line-header";
import { logText } from "./log-text";

test.each([
  ["tagged lines", ["out F a", "err P b"], true],
  ["lines without tags", ["out a", "err b"], false],
  [
    "one line without a tag among those that begin like tagged ones",
    ["out F 1", "out P 2", "out warn"],
    false,
  ],
  ["an empty line without a tag", ["out F 1", "out "], false],
  ["empty tagged lines", ["out F ", "out F"], true],
  ["lines that are in no format, and a tagged one", ["oops", "out F a"], true],
  ["only lines that are in no format", ["oops", "ouch"], undefined],
  ["nothing", [], undefined],
  [
    "tagged lines, one of which broke off in its head",
    ["out F a", "out 2026-11-23T10:41:25.716719586+00:00 stdout F b", "out F2026-11-23T10:41:25Z stdout F c"],
    true,
  ],
])("%s", (_, lines, expected) => {
  expect(haveTags(Buffer.from(logText(lines)))).toBe(expected);
});

test("a last line that is not ended says nothing", () => {
  expect(haveTags(Buffer.from("2026-11-23T10:41:25.716719586+00:00 stdout hel"))).toBeUndefined();
});
