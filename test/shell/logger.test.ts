import { createLogger, type LogLevel } from "../../src/shell/logger";
import { bufferTerminal } from "../helpers/buffer-terminal";

const warning = "Warning: w\n";

test.each<[LogLevel, string]>([
  ["debug", `Debug: d\nInfo: i\n${warning}`],
  ["info", `Info: i\n${warning}`],
  ["warn", warning],
  ["error", warning],
  ["fatal", ""],
  ["panic", ""],
])("level %s", (level, expected) => {
  const terminal = bufferTerminal();
  const logger = createLogger(terminal, level);
  logger.debug("d");
  logger.info("i");
  logger.warn("w");
  expect(terminal.stderr).toBe(expected);
  expect(terminal.stdout).toBe("");
});

test("a message is one line, without control characters", () => {
  const terminal = bufferTerminal();
  createLogger(terminal, "error").warn("a\nb \x1b]0;title\x07");
  expect(terminal.stderr).toBe("Warning: a b \\x1b]0;title\\x07\n");
});
