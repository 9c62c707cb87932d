import { yamlText } from "../../src/format/yaml";

test("keys are sorted, lists stand as far left as their keys, what is empty is in one line", () => {
  const value = {
    b: [1, { z: "u", x: [true, null] }, []],
    a: { "Backing Filesystem": "extfs" },
    C: {},
    d: undefined,
  };
  expect(yamlText(value)).toBe(
    [
      "C: {}",
      "a:",
      "  Backing Filesystem: extfs",
      "b:",
      "- 1",
      "- x:",
      "  - true",
      "  - null",
      "  z: u",
      "- []",
    ]
      .map((line) => `${line}\n`)
      .join(""),
  );
});

test.each([
  ["/var/lib/containers/storage", "/var/lib/containers/storage"],
  ["crun version 1.8.1", "crun version 1.8.1"],
  ["overlay.mountopt=nodev,metacopy", "overlay.mountopt=nodev,metacopy"],
  ["", '""'],
  ["true", '"true"'],
  ["No", '"No"'],
  ["1.5", '"1.5"'],
  ["0x10", '"0x10"'],
  ["a: b", '"a: b"'],
  ["a #b", '"a #b"'],
  ["- a", '"- a"'],
  [" a", '" a"'],
  ["a ", '"a "'],
  ["a\nb", '"a\\nb"'],
  ['"', '"\\""'],
  ["&a", '"&a"'],
  ["\u009b31m\u202e", '"\\u009b31m\\u202e"'],
])("the text %j is %s", (text, expected) => {
  expect(yamlText(text)).toBe(`${expected}\n`);
  expect(yamlText({ [text]: text })).toBe(`${expected}: ${expected}\n`);
});
