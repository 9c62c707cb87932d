import { startAgain, startAttached } from "../../lib/launch/start-again";
import type { CommandContext } from "../../shell/context";
import { exitCodeOf, UsageError } from "../../shell/errors";
import { ExitCode } from "../../shell/exit-code";
import { changeInTurn } from "../shared/crio-note";
import { readTargets } from "../shared/selection";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod start`: starts containers that were created, or have ended. */
export async function run(context: Context): Promise<number> {
  const { force, attach, interactive } = context.flags;
  const targets = readTargets(context, {
    verb: "start",
    states: ["created", "stopped"],
    inWords: "that can be started",
  });
  if (attach || interactive) return startHere(context);
  const server = await context.openServer();
  return changeInTurn(context, server, "started", await targets(server), async (name) => {
    const container = server.lookupContainer(name, "start");
    await startAgain(server, container, { force });
    return container.id;
  });
}

/** Starts one and has its streams here. @throws UsageError */
async function startHere(context: Context): Promise<number> {
  const { flags, args } = context;
  const [name] = args;
  if (name === undefined || args.length > 1) {
    throw new UsageError("options --attach and --interactive are for one container, which is named");
  }
  const { readDetachKeys } = await import("../shared/detach-keys");
  const { force, interactive: stdin, sigProxy } = flags;
  const wanted = { stdin, sigProxy, detachKeys: readDetachKeys(flags.detachKeys) };
  try {
    const server = await context.openServer();
    await server.updateRecords(args);
    const container = server.lookupContainer(name, "start");
    const { attachHere } = await import("../shared/attach-here");
    return await attachHere(context, server, container, wanted, (attach) =>
      startAttached(server, container, { force, ...attach }),
    );
  } catch (error) {
    // 1 is the container's own.
    context.reportFailure(error);
    return exitCodeOf(error, ExitCode.launchFailed);
  }
}
