import type { CommandContext } from "../../../shell/context";
import { version } from "../../../shell/version";
import { jsonText } from "../../../format/json";
import { nodeState } from "../../../lib/operations/node-state";
import { writeOutputFile } from "../../../lib/system/output-file";
import type { command } from "./command";

/** `kpod state save`: keeps in a file what there is on this node. */
export async function run({
  args: [path],
  openServer,
  logger,
  terminal,
}: CommandContext<typeof command>): Promise<number> {
  const state = await nodeState(await openServer(), version);
  for (const why of state.unread) logger.warn(why);
  const text = jsonText(state);
  if (path === "-") terminal.out(text);
  else writeOutputFile(path, text);
  return 0;
}
