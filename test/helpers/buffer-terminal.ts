import type { Terminal } from "../../src/shell/terminal";

/** A terminal that keeps what is written to it. */
export interface BufferTerminal extends Terminal {
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes a terminal of buffers; plain output unless the options say otherwise. */
export function bufferTerminal(options: Partial<Omit<Terminal, "out" | "error">> = {}): BufferTerminal {
  const written = { stdout: "", stderr: "" };
  return {
    isTTY: false,
    columns: undefined,
    rows: undefined,
    onResize: () => () => {},
    errorIsTTY: false,
    color: false,
    errorColor: false,
    ...options,
    out(text) {
      written.stdout += Buffer.from(text).toString();
    },
    error(text) {
      written.stderr += Buffer.from(text).toString();
    },
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
  };
}
