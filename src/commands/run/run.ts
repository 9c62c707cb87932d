import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { runContainer, type Foreground } from "../../lib/launch/run";
import { readContainerFlags } from "../shared/read-container-flags";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/**
 * `kpod run`: runs a command in a new container, in the background or until it has ended. In the foreground Ctrl-C, TERM
 * and HUP go to the container.
 */
export async function run(context: Context): Promise<number> {
  const { flags, terminal } = context;
  if (flags.rm && flags.detach) throw new UsageError("option --rm cannot be given with --detach");
  const options = readContainerFlags(context);
  const server = await context.openServer();
  const { container, exitCode } = await runContainer(server, {
    ...options,
    ...(flags.detach ? {} : { foreground: foregroundOf(context) }),
  });
  if (exitCode === undefined) terminal.out(`${container.id}\n`);
  return exitCode ?? 0;
}

function foregroundOf({ flags, terminal, interceptSignals }: Context): Foreground {
  return {
    interceptSignals,
    remove: flags.rm,
    onLine({ stream, partial, text }) {
      const bytes = partial ? text : Buffer.concat([text, Buffer.from("\n")]);
      if (stream === "stderr") terminal.error(bytes);
      else terminal.out(bytes);
    },
  };
}
