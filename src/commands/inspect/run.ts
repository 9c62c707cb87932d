import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { inspectNames } from "../shared/inspect-names";
import type { command } from "./command";

/** `kpod inspect`: shows everything of containers, pods and images. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { type, format, size, attempt } = context.flags;
  if (attempt === undefined) return inspectNames(context, context.args, { type, format, size });
  if (type === "pod" || type === "image")
    throw new UsageError(`option --attempt is for containers, and --type says ${type}`);
  return inspectNames(context, context.args, { type: "container", format, size, attempt });
}
