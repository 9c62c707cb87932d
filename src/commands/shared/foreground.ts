import { windowSize, type WindowSize } from "../../lib/system/streams";

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

/** Has a terminal put back also where a second signal ends kpod at once. @returns puts it back now */
export function alsoAtExit(restore: () => void): () => void {
  process.once("exit", restore);
  return () => {
    process.off("exit", restore);
    restore();
  };
}
