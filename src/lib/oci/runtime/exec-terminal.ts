import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { errnoOf, isNotFound } from "../../errors";
import { O_PATH } from "../../system/files";
import { pathOfDescriptor } from "../../system/open-in-root";
import { readChildren } from "../../system/process";
import { setWindowSize, type WindowSize } from "../../system/streams";

/** The major number of the terminals that programs make for others, see devices.txt of the kernel. */
const pseudoTerminal = 136;

/**
 * Gives the terminal of what a runtime runs in the foreground another size, where the runtime does not do that by itself:
 * crun makes it as large as the one it was called in, and leaves it so.
 * @param runtime its pid
 */
export function resizeTerminalOf(runtime: number, size: WindowSize): void {
  for (const pid of readChildren(runtime)) {
    const terminal = openTerminalOf(pid);
    if (terminal === undefined) continue;
    try {
      setWindowSize(terminal, size);
    } finally {
      closeSync(terminal);
    }
  }
}

/** What a process has as its standard input can be anything: only a terminal is opened. */
function openTerminalOf(pid: number): number | undefined {
  let found: number;
  try {
    found = openSync(`/proc/${pid}/fd/0`, O_PATH);
  } catch (error) {
    if (isNotFound(error) || errnoOf(error) === "ESRCH") return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(found);
    if (!stat.isCharacterDevice() || ((stat.rdev >> 8) & 0xfff) !== pseudoTerminal) return undefined;
    return openSync(pathOfDescriptor(found), constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    // It has just ended, and its terminal with it.
    return undefined;
  } finally {
    closeSync(found);
  }
}
