import { windowSize, type WindowSize } from "../../lib/system/streams";
import { guardTerminal, type TerminalGuard } from "../../lib/system/terminal-guard";

/** Tells each size that the terminal of standard input gets. @returns ends that */
export function onTerminalResize(listener: (size: WindowSize) => void): () => void {
  const tell = (): void => {
    const size = windowSize(0);
    if (size !== undefined && size.rows > 0) listener(size);
  };
  process.on("SIGWINCH", tell);
  return () => {
    process.off("SIGWINCH", tell);
  };
}

/** A guard that nobody needs is not left waiting. */
function orRelease<T>(guard: TerminalGuard | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    guard?.release();
    throw error;
  }
}

/** A terminal that is put back however kpod ends. */
export interface HeldTerminal {
  /** Puts it back now. */
  readonly restore: () => void;
  /** What reads from it is not to outlive a kpod that is killed. */
  readonly endsWith: (pid: number) => void;
}

/**
 * Lets the terminal of standard input be changed, and has it put back: also where a second signal ends kpod at once, or
 * KILL does.
 * @param take changes it, or notes how it is; gives what puts it back
 */
export async function holdTerminal(take: (fd: number) => () => void): Promise<HeldTerminal> {
  const guard = await guardTerminal(0);
  const restore = orRelease(guard, () => take(0));
  process.once("exit", restore);
  return {
    restore() {
      process.off("exit", restore);
      restore();
      guard?.release();
    },
    endsWith: (pid) => guard?.endsWith(pid),
  };
}
