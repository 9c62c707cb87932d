import { isatty } from "node:tty";
import type { Terminal } from "../../shell/terminal";
import type { AttachStreams } from "../../lib/operations/attach";
import { makeRaw } from "../../lib/system/terminal-mode";
import { windowSize } from "../../lib/system/streams";
import { alsoAtExit, onTerminalResize } from "./foreground";

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
  let restore: (() => void) | undefined;
  const isTerminal = isatty(0);
  return {
    stdin: stdin
      ? {
          // What comes from a file or pipe may hold these bytes by chance.
          detachKeys: isTerminal ? detachKeys : undefined,
          open: () => {
            if (tty && isTerminal) restore = alsoAtExit(makeRaw(0));
            return process.stdin;
          },
          close: () => restore?.(),
        }
      : undefined,
    stdout: stdout ? terminal.out : undefined,
    stderr: stderr ? terminal.error : undefined,
    window: tty && isTerminal ? { size: () => windowSize(0), onResize: onTerminalResize } : undefined,
  };
}
