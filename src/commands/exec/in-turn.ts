import type { Terminal } from "../../shell/terminal";

/** Bytes that one who is not yet on is let write ahead; then it waits. */
const ahead = 1024 * 1024;

/** Where one of several commands writes. */
export interface Turn {
  readonly out: (bytes: Buffer) => void | Promise<void>;
  readonly error: (bytes: Buffer) => void | Promise<void>;
  /** Lets the next one on. */
  readonly end: () => void;
}

interface Waiting extends Turn {
  /** Lets it write. @returns whether it has ended already */
  readonly begin: () => boolean;
}

/**
 * Puts the outputs of several commands that run side by side one below the other, each under its heading. The first that
 * has not ended writes at once; what the others write is kept, up to a size after which they wait.
 */
export function outputsInTurn(
  terminal: Pick<Terminal, "out" | "error">,
  headings: readonly string[],
): Turn[] {
  let current = 0;
  let endsLine = true;
  const write = (stream: "out" | "error", bytes: Buffer): void => {
    if (bytes.length === 0) return;
    terminal[stream](bytes);
    if (stream === "out") endsLine = bytes.at(-1) === 0x0a;
  };
  const advance = (): void => {
    while (turns[current]?.begin() === true) current++;
  };
  const turns = headings.map((heading, index): Waiting => {
    let kept: { readonly stream: "out" | "error"; readonly bytes: Buffer }[] = [];
    let size = 0;
    let on = false;
    let ended = false;
    let goOn: () => void = () => {};
    const begun = new Promise<void>((resolve) => (goOn = resolve));
    const take = async (stream: "out" | "error", bytes: Buffer): Promise<void> => {
      if (!on && size > ahead) await begun;
      if (on) {
        write(stream, bytes);
        return;
      }
      kept.push({ stream, bytes });
      size += bytes.length;
    };
    return {
      out: (bytes) => take("out", bytes),
      error: (bytes) => take("error", bytes),
      end() {
        ended = true;
        if (!on) return;
        current++;
        advance();
      },
      begin() {
        on = true;
        terminal.out(`${endsLine ? "" : "\n"}${index === 0 ? "" : "\n"}${heading}`);
        endsLine = true;
        for (const { stream, bytes } of kept) write(stream, bytes);
        kept = [];
        goOn();
        return ended;
      },
    };
  });
  advance();
  return turns;
}
