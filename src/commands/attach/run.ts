import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { CommandContext } from "../../shell/context";
import { containerInWords, type Container } from "../../lib/oci/container";
import { attachToContainer, readsInput } from "../../lib/operations/attach";
import { asksToEnd, forwardSignal } from "../../lib/operations/forward-signal";
import { readDetachKeys } from "../shared/detach-keys";
import { streamsHere } from "../shared/streams-here";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod attach`: has the streams of a container here, until it ends or is left. */
export async function run(context: Context): Promise<number> {
  const { flags, args, terminal } = context;
  const detachKeys = readDetachKeys(flags.detachKeys);
  const server = await context.openServer();
  await server.updateRecords(args);
  const container = server.lookupContainer(args[0], "attach");
  if (!flags.noStdin) tellOfLostInput(context, container);
  const streams = streamsHere(terminal, {
    ...{ stdin: !flags.noStdin, stdout: true, stderr: true, tty: container.terminal, detachKeys },
  });
  const leave = new AbortController();
  const isTerminal = isatty(0);
  let asked = 0;
  const release = flags.sigProxy
    ? context.interceptSignals((name) => {
        if (asksToEnd(name)) asked++;
        // Where the terminal is gone, and with it who sat there, that is no reason for the container to end. And who asks
        // again wants to get out, whatever that does.
        if (asked > 1 || (name === "SIGHUP" && isTerminal)) leave.abort();
        else void forwardSignal(server, container, name);
      })
    : undefined;
  try {
    const end = await attachToContainer(server, container, {
      streams,
      leave: leave.signal,
      signal: context.signal(),
    });
    return end.detached ? 0 : end.exitCode;
  } finally {
    release?.();
  }
}

/** Who pipes something into a container that reads nothing should not wonder. */
function tellOfLostInput({ logger }: Context, container: Container): void {
  if (readsInput(container)) return;
  const input = fstatSync(0);
  if (!input.isFile() && !input.isFIFO()) return;
  logger.warn(`${containerInWords(container)} was made without standard input, and gets none`);
}
