import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { escapeControl } from "../../format/escape";
import type { ContainerServer } from "../../lib/container-server";
import { KpodError } from "../../lib/errors";
import { prunableImages } from "../../lib/operations/prune-images";
import type { RemovedImage } from "../../lib/storage/image-removal";
import { forEachInTurn } from "../shared/each";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod rmi`: removes images, or the names by which they are given. */
export async function run(context: Context): Promise<number> {
  const { flags, args } = context;
  const { force, all, prune } = flags;
  const takesNone = all || prune;
  if (!takesNone && args.length === 0) throw new UsageError("too few arguments, rmi takes IMAGE...");
  if (takesNone && args.length > 0) throw new UsageError(`--${all ? "all" : "prune"} takes no IMAGE`);
  const server = await context.openServer();
  if (prune) return pruneImages(context, server);
  const { storageImageServer, store } = server;
  const wanted = all ? (await store.images()).map(({ id }) => id) : args;
  return forEachInTurn(context, wanted, async (name) =>
    textOf(await storageImageServer.removeImage(name, { force, allNames: force || all })),
  );
}

async function pruneImages(context: Context, server: ContainerServer): Promise<number> {
  const images = await prunableImages(server);
  const ids = images.map(({ id }) => id);
  return forEachInTurn(context, ids, async (id) => {
    try {
      return textOf(await server.storageImageServer.removeImage(id, { allNames: true }));
    } catch (error) {
      // Somebody uses it now, or has removed it meanwhile.
      if (error instanceof KpodError && ["CONFLICT", "NOT_FOUND"].includes(error.code)) return "";
      throw error;
    }
  });
}

function textOf({ untagged, deleted }: RemovedImage): string {
  const lines = untagged.map((tag) => `Untagged: ${escapeControl(tag)}`);
  return [...lines, ...(deleted === undefined ? [] : [`Deleted: ${deleted}`])].join("\n");
}
