import { oneLine } from "../format/escape";
import type { Logger } from "../lib/logger";
import type { GlobalValues } from "./global-flags";
import type { Terminal } from "./terminal";

/** How much is said: the values of `--log-level`. */
export type LogLevel = GlobalValues["logLevel"];

const levels: readonly LogLevel[] = ["panic", "fatal", "error", "warn", "info", "debug"];

/**
 * The library's logger to standard error, a line a message. Warnings are meant for the user, so that the
 * default level, error, shows them too; fatal and panic hide them.
 */
export function createLogger(terminal: Terminal, level: LogLevel): Logger {
  const print = (label: string, message: string, from: LogLevel) => {
    if (levels.indexOf(level) >= levels.indexOf(from)) terminal.error(`${label}: ${oneLine(message)}\n`);
  };
  return {
    debug(message) {
      print("Debug", message, "debug");
    },
    info(message) {
      print("Info", message, "info");
    },
    warn(message) {
      print("Warning", message, "error");
    },
  };
}
