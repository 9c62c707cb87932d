import type { CommandContext } from "../../shell/context";
import { escapeControl } from "../../format/escape";
import { forEachInTurn } from "../shared/each";
import type { command } from "./command";

/** `kpod rmi`: removes images, or the names by which they are given. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { force } = context.flags;
  const { storageImageServer } = await context.openServer();
  return forEachInTurn(context, context.args, async (name) => {
    const { untagged, deleted } = await storageImageServer.removeImage(name, { force });
    const lines = untagged.map((tag) => `Untagged: ${escapeControl(tag)}`);
    return [...lines, ...(deleted === undefined ? [] : [`Deleted: ${deleted}`])].join("\n");
  });
}
