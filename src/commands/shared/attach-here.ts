import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { BaseContext } from "../../shell/context";
import { containerInWords, type Container } from "../../lib/oci/container";
import { readsInput, type AttachEnd, type AttachOptions } from "../../lib/operations/attach";
import { asksToEnd, forwardSignal } from "../../lib/operations/forward-signal";
import type { ServerView } from "../../lib/server-parts";
import { streamsHere } from "./streams-here";

/** How the streams of a container are to be here. */
export interface AttachWanted {
  readonly stdin: boolean;
  /** Bytes of the keys by which it is left. */
  readonly detachKeys: Uint8Array;
  /** Hands on signals to it. */
  readonly sigProxy: boolean;
}

/**
 * Has the streams of a container here until it ends or is left.
 * @param attach connects to them
 * @returns its exit code; 0 when it was left
 */
export async function attachHere(
  context: BaseContext,
  server: Pick<ServerView, "runtime" | "logger">,
  container: Container,
  { stdin, detachKeys, sigProxy }: AttachWanted,
  attach: (options: AttachOptions) => Promise<AttachEnd>,
): Promise<number> {
  if (stdin) tellOfLostInput(context, container);
  const streams = streamsHere(context.terminal, {
    ...{ stdin, stdout: true, stderr: true, tty: container.terminal, detachKeys },
  });
  const leave = new AbortController();
  const isTerminal = isatty(0);
  let asked = 0;
  const release = sigProxy
    ? context.interceptSignals((name) => {
        if (asksToEnd(name)) asked++;
        // Where the terminal is gone, and with it who sat there, that is no reason for the container to end. And who asks
        // again wants to get out, whatever that does.
        if (asked > 1 || (name === "SIGHUP" && isTerminal)) leave.abort();
        else void forwardSignal(server, container, name);
      })
    : undefined;
  try {
    const end = await attach({ streams, leave: leave.signal, signal: context.signal() });
    return end.detached ? 0 : end.exitCode;
  } finally {
    release?.();
  }
}

/** Who pipes something into a container that reads nothing should not wonder. */
function tellOfLostInput({ logger }: Pick<BaseContext, "logger">, container: Container): void {
  if (readsInput(container)) return;
  const input = fstatSync(0);
  if (!input.isFile() && !input.isFIFO()) return;
  logger.warn(`${containerInWords(container)} was made without standard input, and gets none`);
}
