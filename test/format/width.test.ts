import { cutToWidth, displayWidth } from "../../src/format/width";

test.each([
  ["plain", 5],
  ["", 0],
  ["läßt", 4],
  ["a\u0308", 1],
  ["日本", 4],
  ["👩‍💻", 2],
  ["\x1b[31m日本\x1b[39m", 4],
])("%j takes %i cells", (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test.each([
  ["abcdef", 6, "", "abcdef"],
  ["abcdef", 5, "", "abcde"],
  ["abcdef", 5, "...", "ab..."],
  ["abcdef", 6, "...", "abcdef"],
  ["abcdef", 3, "...", "..."],
  ["abcdef", 2, "...", ".."],
  ["abcdef", 0, "...", ""],
  // Half of a wide sign is not shown.
  ["日本語", 5, "", "日本"],
  ["日本語", 5, ".", "日本."],
  ["a\u0308bc", 2, "", "a\u0308b"],
  // Colours take no room, and end where they ended.
  ["\x1b[31mred\x1b[39m", 3, "", "\x1b[31mred\x1b[39m"],
  ["\x1b[31mred\x1b[39m and", 2, "", "\x1b[31mre\x1b[39m"],
  ["in \x1b[1m\x1b[31mbold\x1b[39m\x1b[22m text", 5, "..", "in \x1b[1m\x1b[31m\x1b[39m\x1b[22m.."],
])("%j cut to %i cells with %j is %j", (text, width, end, expected) => {
  expect(cutToWidth(text, width, end)).toBe(expected);
});
