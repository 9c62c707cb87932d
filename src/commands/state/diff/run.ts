import type { CommandContext } from "../../../shell/context";
import { version } from "../../../shell/version";
import { jsonText } from "../../../format/json";
import { compareNodeStates } from "../../../lib/operations/compare-node-states";
import { nodeState, readNodeState } from "../../../lib/operations/node-state";
import type { command } from "./command";
import { differencesText } from "./views";

/** `kpod state diff`: shows what differs between two states of a node. 0 where nothing does, else 1. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal, logger, openServer } = context;
  const [first, second] = args;
  const before = readNodeState(first);
  const after = second === undefined ? await nodeState(await openServer(), version) : readNodeState(second);
  if (second === undefined) for (const why of after.unread) logger.warn(why);
  const differences = compareNodeStates(before, after);
  terminal.out(
    flags.format === "json"
      ? jsonText({ version: 1, equal: differences.length === 0, differences })
      : differencesText(differences, { noTrunc: flags.noTrunc }),
  );
  return differences.length === 0 ? 0 : 1;
}
