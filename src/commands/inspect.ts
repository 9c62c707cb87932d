import type { CommandContext } from "../cli/command";
import type { inspectFlags } from "../cli/table/inspect";
import { inspectNames } from "./inspect-names";

/** `kpod inspect`: shows everything of containers, pods and images. */
export async function run(
  context: CommandContext<typeof inspectFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const { type, format, size } = context.flags;
  return inspectNames(context, context.args, { type, format, size });
}
