import type { CommandContext } from "../../../shell/context";
import { inspectNames } from "../../shared/inspect-names";
import type { command } from "./command";

/** `kpod pod inspect`: shows everything of pods. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  return inspectNames(context, context.args, { type: "pod", format: context.flags.format });
}
