import type { CommandContext } from "../../shell/command";
import type { inspectFlags } from "./command";
import { inspectNames } from "../shared/inspect/names";

/** `kpod inspect`: shows everything of containers, pods and images. */
export async function run(
  context: CommandContext<typeof inspectFlags, readonly [string, ...string[]]>,
): Promise<number> {
  const { type, format, size } = context.flags;
  return inspectNames(context, context.args, { type, format, size });
}
