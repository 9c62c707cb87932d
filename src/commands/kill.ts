import type { CommandContext } from "../cli/command";
import { UsageError } from "../cli/errors";
import type { killFlags } from "../cli/table/kill";
import { KpodError } from "../lib/errors";
import { parseSignal } from "../lib/signals";
import { forEachInTurn } from "./each";

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
