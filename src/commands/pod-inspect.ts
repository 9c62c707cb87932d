import type { CommandContext } from "../cli/command";
import type { podInspectFlags } from "../cli/table/inspect";
import { inspectNames } from "./inspect-names";

/** `kpod pod inspect`: shows everything of pods. */
export async function run(
  context: CommandContext<typeof podInspectFlags, readonly [string, ...string[]]>,
): Promise<number> {
  return inspectNames(context, context.args, { type: "pod", format: context.flags.format });
}
