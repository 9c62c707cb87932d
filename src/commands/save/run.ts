import type { CommandContext } from "../../shell/context";
import { patientOutput } from "../../shell/patient-output";
import { refuseTerminal, writeArchive } from "../shared/output-archive";
import { transferProgress } from "../shared/registry-flags";
import type { command } from "./command";

/** `kpod save`: writes images of the store into an archive. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  refuseTerminal(flags.output, terminal);
  const signal = context.signal();
  const { storageImageServer } = await context.openServer();
  await writeArchive(flags.output, terminal, (toFile) => {
    const write = flags.output === undefined ? (patientOutput(signal) ?? toFile) : toFile;
    return storageImageServer.saveImages(args, {
      format: flags.format,
      write,
      progress: transferProgress(context, flags.quiet),
      signal,
    });
  });
  return 0;
}
