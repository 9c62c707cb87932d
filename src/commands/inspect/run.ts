import type { CommandContext } from "../../shell/context";
import { inspectNames } from "../shared/inspect-names";
import type { command } from "./command";

/** `kpod inspect`: shows everything of containers, pods and images. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { type, format, size } = context.flags;
  return inspectNames(context, context.args, { type, format, size });
}
