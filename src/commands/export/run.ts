import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { openOutput } from "../shared/output-archive";
import type { command } from "./command";

/** `kpod export`: writes the file system of a container as a tar archive. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  if (flags.output === undefined && terminal.isTTY) {
    throw new UsageError("refusing to write an archive to a terminal: use -o FILE or redirect");
  }
  const signal = context.signal();
  const server = await context.openServer();
  await server.updateRecords();
  const file = flags.output === undefined ? undefined : openOutput(flags.output);
  let torn: number;
  try {
    torn = await server.containerExport(args[0], { write: file?.write ?? terminal.out, signal });
  } catch (error) {
    file?.abandon();
    throw error;
  }
  file?.finish();
  return torn === 0 ? 0 : 1;
}
