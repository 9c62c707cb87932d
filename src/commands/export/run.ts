import type { CommandContext } from "../../shell/context";
import { expectMuchWork } from "../../shell/much-work";
import { refuseTerminal, writeArchive } from "../shared/output-archive";
import type { command } from "./command";

/** `kpod export`: writes the file system of a container as a tar archive. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  refuseTerminal(flags.output, terminal);
  const signal = context.signal();
  const server = await context.openServer();
  await server.updateRecords(args);
  expectMuchWork();
  const torn = await writeArchive(flags.output, terminal, (write) =>
    server.containerExport(args[0], { write, signal }),
  );
  return torn === 0 ? 0 : 1;
}
