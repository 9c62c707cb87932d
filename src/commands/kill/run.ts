import type { CommandContext } from "../../shell/command";
import { UsageError } from "../../shell/errors";
import type { killFlags } from "./command";
import { KpodError } from "../../lib/errors";
import { parseSignal } from "../../lib/oci/signals";
import { forEachInTurn } from "../shared/each";

/** `kpod kill`: sends a signal to containers. */
export async function run(
  context: CommandContext<typeof killFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const signal = readSignal(context.flags.signal);
  const server = await context.openServer();
  await server.update({ states: false });
  return forEachInTurn(context, context.args, (name) => server.containerKill(name, signal));
}

/** The signal of a flag. @throws UsageError */
export function readSignal(text: string): number {
  try {
    return parseSignal(text);
  } catch (error) {
    throw error instanceof KpodError ? new UsageError(error.message) : error;
  }
}
