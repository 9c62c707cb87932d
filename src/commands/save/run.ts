import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { openOutput } from "../shared/output-archive";
import { transferProgress } from "../shared/registry-flags";
import type { command } from "./command";

/** `kpod save`: writes images of the store into an archive. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  if (flags.output === undefined && terminal.isTTY) {
    throw new UsageError("refusing to write an archive to a terminal: use -o FILE or redirect");
  }
  const signal = context.signal();
  const { storageImageServer } = await context.openServer();
  const file = flags.output === undefined ? undefined : openOutput(flags.output);
  try {
    await storageImageServer.saveImages(args, {
      format: flags.format,
      write: file?.write ?? terminal.out,
      progress: transferProgress(context, flags.quiet),
      signal,
    });
  } catch (error) {
    file?.abandon();
    throw error;
  }
  file?.finish();
  return 0;
}
