import { readDetachKeys } from "../../../src/commands/shared/detach-keys";
import { UsageError } from "../../../src/shell/errors";

test.each([
  ["ctrl-p,ctrl-q", [0x10, 0x11]],
  ["ctrl-P", [0x10]],
  ["a,ctrl-],~", [0x61, 0x1d, 0x7e]],
  ["ctrl-@,ctrl-[,ctrl-\\,ctrl-^,ctrl-_", [0, 0x1b, 0x1c, 0x1e, 0x1f]],
  ["", []],
])("%s", (text, bytes) => {
  expect([...readDetachKeys(text)]).toEqual(bytes);
});

test.each([",", "ctrl-", "ctrl-1", "ab", "ctrl-p,", "é", "ctrl-p ctrl-q"])("%j is none", (text) => {
  expect(() => readDetachKeys(text)).toThrow(UsageError);
});
