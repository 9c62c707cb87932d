import { resolve } from "node:path";
import { restoreContainer } from "../../lib/launch/restore";
import { restoreArchive } from "../../lib/launch/restore-archive";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { changeInTurn } from "../shared/crio-note";
import { launchPull } from "../shared/pull-flag";
import { givenNetworkFlags, readNetworkFlags } from "../shared/read-network-flags";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod restore`: has checkpointed containers go on. */
export async function run(context: Context): Promise<number> {
  const { args, flags, terminal } = context;
  const { import: path, force, tcpEstablished } = flags;
  if (path === undefined) return restoreInPlace(context);
  if (args.length > 0)
    throw new UsageError("option --import makes a new container, and takes no name of one that is there");
  const [ofNewPod] = givenNetworkFlags(flags);
  if (flags.pod !== undefined && ofNewPod !== undefined)
    throw new UsageError(`option --${ofNewPod} is for a new pod and cannot be given with --pod`);
  const newPod = readNetworkFlags(flags);
  const server = await context.openServer();
  const container = await restoreArchive(server, {
    ...{ path: resolve(path), pod: flags.pod, newPod, name: flags.name, force, tcpEstablished },
    pull: launchPull(context, flags.pull ?? "missing"),
  });
  terminal.out(`${container.id}\n`);
  return 0;
}

async function restoreInPlace(context: Context): Promise<number> {
  const { args, flags } = context;
  const { force, tcpEstablished } = flags;
  if (args.length === 0) throw new UsageError("requires at least 1 argument: CONTAINER..., or --import FILE");
  const [unfit] = [
    ...(["pod", "name", "pull"] as const).filter((flag) => flags[flag] !== undefined),
    ...givenNetworkFlags(flags),
  ];
  if (unfit !== undefined) throw new UsageError(`option --${unfit} needs --import`);
  const server = await context.openServer();
  await server.updateRecords();
  return changeInTurn(context, server, "started", args, async (name) => {
    const container = server.lookupContainer(name, "restore");
    await restoreContainer(server, container, { force, tcpEstablished });
    return container.id;
  });
}
