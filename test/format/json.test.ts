import { jsonLine, jsonText } from "../../src/format/json";

test("indents by 4 and leaves HTML alone", () => {
  expect(jsonText([{ command: "a && b > <c>", labels: {} }])).toBe(
    '[\n    {\n        "command": "a && b > <c>",\n        "labels": {}\n    }\n]\n',
  );
});

test("an empty list is []", () => {
  expect(jsonText([])).toBe("[]\n");
});

test("what could steer a terminal is escaped, and is read back as it was", () => {
  const value = { name: "\x1b[31m\x9b2J\u202e\x7f\u2028" };
  const text = jsonText(value);
  expect(text).toBe('{\n    "name": "\\u001b[31m\\u009b2J\\u202e\\u007f\\u2028"\n}\n');
  expect(JSON.parse(text)).toEqual(value);
});

test("a piece of a stream is one line", () => {
  expect(jsonLine([{ a: "1\n2" }])).toBe('[{"a":"1\\n2"}]\n');
});
