import { humanSize } from "../format/units";
import { runOnNode } from "../lib/remote/run-on-node";
import { windowSize } from "../lib/system/streams";
import { isInterruption } from "../shell/errors";
import { createInterrupt } from "../shell/interrupt";
import { createLogger } from "../shell/logger";
import type { Terminal } from "../shell/terminal";
import type { Request } from "./command-line";

/** Has another node answer a command line. @returns the exit code of kpod over there */
export async function runRemotely(
  { node, words, command, logLevel }: Request & { kind: "remote" },
  terminal: Terminal,
): Promise<number> {
  const signal = createInterrupt().signal();
  try {
    return await runOnNode(node, words, {
      terminal: terminal.isTTY && windowSize(0) !== undefined,
      input: command?.readsInput === true,
      signal,
      logger: createLogger(terminal, logLevel),
      carrying: (bytes) => {
        if (!terminal.errorIsTTY) return;
        terminal.error(`${node} has no kpod: carrying this one there for the call (${humanSize(bytes)})\n`);
      },
    });
  } catch (error) {
    // The library says that it was interrupted; the signal knows by what, which makes the exit code.
    if (isInterruption(error)) signal.throwIfAborted();
    throw error;
  }
}
