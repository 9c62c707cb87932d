import { isatty } from "node:tty";
import type { Terminal } from "../../shell/terminal";
import type { AttachStreams } from "../../lib/operations/attach";
import { makeRaw } from "../../lib/system/terminal-mode";
import { windowSize } from "../../lib/system/streams";
import { holdTerminal, onTerminalResize, type HeldTerminal } from "./foreground";

/** Which streams of a container are to be here, and how. */
export interface StreamsWanted {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** The container has a terminal: this one is to be as if it were that. */
  readonly tty: boolean;
  /** Bytes of the keys by which it is left. */
  readonly detachKeys: Uint8Array;
}

/** Makes standard input, output and error those of a container. A terminal hands on every key for as long as it is read. */
export function streamsHere(terminal: Terminal, wanted: StreamsWanted): AttachStreams {
  const { stdin, stdout, stderr, tty, detachKeys } = wanted;
  let held: HeldTerminal | undefined;
  const isTerminal = isatty(0);
  return {
    stdin: stdin
      ? {
          // What comes from a file or pipe may hold these bytes by chance.
          detachKeys: isTerminal ? detachKeys : undefined,
          open: async () => {
            if (tty && isTerminal) held = await holdTerminal(makeRaw);
            return process.stdin;
          },
          close: () => held?.restore(),
        }
      : undefined,
    stdout: stdout ? terminal.out : undefined,
    stderr: stderr ? terminal.error : undefined,
    window: tty && isTerminal ? { size: () => windowSize(0), onResize: onTerminalResize } : undefined,
  };
}
