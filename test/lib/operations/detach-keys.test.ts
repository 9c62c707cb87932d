import { watchForKeys } from "../../../src/lib/operations/detach-keys";

/** What goes on of some inputs, and whether the keys were found. */
function watched(keys: string, ...inputs: string[]): [string[], boolean] {
  const watch = watchForKeys(Buffer.from(keys));
  const seen = inputs.map((input) => watch(Buffer.from(input)));
  return [seen.map(({ passed }) => passed.toString()), seen.some(({ left }) => left)];
}

test("the keys are found wherever they come, and nothing of them goes on", () => {
  expect(watched("\x10\x11", "ls\n", "\x10", "\x11", "")).toEqual([["ls\n", "", "", ""], true]);
  expect(watched("\x10\x11", "exit\x10\x11more")).toEqual([["exit"], true]);
  expect(watched("q", "abq")).toEqual([["ab"], true]);
});

test("what only begins like them goes on with the next key", () => {
  expect(watched("\x10\x11", "a\x10", "b")).toEqual([["a", "\x10b"], false]);
  expect(watched("aab", "aa", "a", "b")).toEqual([["", "a", ""], true]);
  expect(watched("abab", "aba", "xaba", "b")).toEqual([["", "abax", ""], true]);
});

test("without keys all goes on", () => {
  expect(watched("", "a\x10", "\x11")).toEqual([["a\x10", "\x11"], false]);
});
