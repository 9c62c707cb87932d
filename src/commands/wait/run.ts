import type { CommandContext } from "../../shell/context";
import { KpodError } from "../../lib/errors";
import { waitForCondition } from "../../lib/operations/wait";
import { readTargets } from "../shared/selection";
import type { command } from "./command";

const everyState = ["creating", "created", "running", "paused", "stopped", "unknown"] as const;

/** `kpod wait`: waits for containers, whichever comes first, and prints their exit codes in the order given. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { flags, terminal } = context;
  const targets = readTargets(context, {
    verb: "wait",
    // The last one may have ended before it was asked for, and an older one must not be taken for it.
    ...(flags.latest
      ? { states: everyState, inWords: "of any state" }
      : { states: ["created", "running", "paused"], inWords: "that has not ended" }),
  });
  const server = await context.openServer();
  const timeoutMs = flags.timeout === undefined ? undefined : flags.timeout * 1000;
  const waits = (await targets(server)).map(async (name) => {
    const container = server.lookupContainer(name, "wait");
    const code = await waitForCondition(server, container, flags.condition, {
      timeoutMs,
      signal: context.signal(),
    });
    if (code !== undefined) return code;
    throw new KpodError(
      "BAD_STATE",
      `container ${container.id} is not ${flags.condition} after ${flags.timeout ?? 0} s`,
    );
  });
  // Awaited together first, so that none that fails early goes unheard while an earlier one is waited for.
  const settled = Promise.allSettled(waits);
  let failed = false;
  for (const wait of waits) {
    try {
      terminal.out(`${await wait}\n`);
    } catch (error) {
      failed = true;
      context.reportFailure(error);
    }
  }
  await settled;
  return failed ? 1 : 0;
}
