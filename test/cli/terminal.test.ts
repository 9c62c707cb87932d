import { wantsColor } from "../../src/cli/terminal";

test.each([
  [{ TERM: "xterm" }, true],
  [{}, true],
  [{ TERM: "dumb" }, false],
  [{ NO_COLOR: "1" }, false],
  [{ NO_COLOR: "" }, true],
])("%j wants colours: %s", (environment, wanted) => {
  expect(wantsColor(environment)).toBe(wanted);
});
