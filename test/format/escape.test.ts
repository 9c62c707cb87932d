import { escapeControl, oneLine } from "../../src/format/escape";

test.each([
  ["plain", "sleep 100", "sleep 100"],
  ["letters of all scripts", "größe 日本 👩‍👧", "größe 日本 👩‍👧"],
  ["a backslash", "a\\nb", "a\\nb"],
  ["a colour", "\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"],
  ["line ends and tabs", "a\r\n\tb", "a\\r\\n\\tb"],
  ["a null and DEL", "\0\x7f", "\\x00\\x7f"],
  ["the one-byte CSI", "\x9b2J", "\\x9b2J"],
  ["a mark that turns the direction", "a\u202eb\u2066c", "a\\u202eb\\u2066c"],
  ["separators of lines", "a\u2028b", "a\\u2028b"],
])("escapes %s", (_, text, escaped) => {
  expect(escapeControl(text)).toBe(escaped);
});

test("joins the lines of a message, and escapes the rest", () => {
  expect(oneLine("  cannot start:\n  no such file\r\n\x1b[2J\n")).toBe("cannot start: no such file \\x1b[2J");
});
