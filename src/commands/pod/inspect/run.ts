import type { CommandContext } from "../../../shell/command";
import type { podInspectFlags } from "../../inspect/command";
import { inspectNames } from "../../shared/inspect/names";

/** `kpod pod inspect`: shows everything of pods. */
export async function run(
  context: CommandContext<typeof podInspectFlags, readonly [string, ...string[]]>,
): Promise<number> {
  return inspectNames(context, context.args, { type: "pod", format: context.flags.format });
}
