import { wantsColor } from "../../src/shell/terminal";

test.each([
  [{ TERM: "xterm" }, true, true],
  [{}, true, true],
  [{ TERM: "xterm" }, false, false],
  [{ TERM: "dumb" }, true, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "true", TERM: "dumb", NO_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
  [{ FORCE_COLOR: "false" }, true, false],
  [{ FORCE_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "" }, false, false],
])("%j, on a terminal: %s, wants colours: %s", (environment, isTerminal, wanted) => {
  expect(wantsColor(environment, () => isTerminal)).toBe(wanted);
});
