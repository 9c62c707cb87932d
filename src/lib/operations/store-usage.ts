import { KpodError } from "../errors";
import type { ServerView } from "../server-parts";
import { layerUsers } from "../storage/layer-users";
import { listOwnable } from "../storage/unowned";
import { spaceMeter } from "../system/disk-space";
import { layerSpace, type Measure } from "./usage-layers";
import {
  containersRow,
  imagesRow,
  logsRow,
  othersRow,
  unownedRow,
  volumesRow,
  type UsageSource,
} from "./usage-rows";
import { plainRow, usageTypes, type UsageRow } from "./usage-values";

export { usageTypes, type UsageKind, type UsageRow, type UsageType, type UsedSpace } from "./usage-values";

/**
 * Tells what takes the room of a store, and what would be got back. Sizes of images are those of the records, where
 * these have them, and else, as all others, blocks on the disk; layers that several images or containers have are counted
 * once. What belongs to podman and buildah is told apart (`Others`), and so is what no record has (`Unowned`). Of what
 * cannot be measured it warns, and counts nothing.
 * @throws KpodError CORRUPT, IO, NOT_PERMITTED when records or directories of the store cannot be read; INTERRUPTED
 */
export async function storeUsage(server: ServerView, signal?: AbortSignal): Promise<UsageRow[]> {
  const { store } = server;
  if (store.warnWhereMissing()) {
    return usageTypes.map((type) => plainRow(type, []));
  }
  // Before the records: see listOwnable.
  const unownedIn = listOwnable(store.layout);
  const [containers, images] = [await store.containers(), await store.images()];
  const contents = { containers, images, layers: await store.layers() };
  await server.update();
  const now = Date.now();
  const measure = tellingMeasure(server, signal);
  const layers = layerSpace(store, contents.layers, measure, { persisted: true });
  const source: UsageSource = { server, contents, users: layerUsers(contents), layers, measure, now };
  return [
    await imagesRow(source),
    await containersRow(source),
    await logsRow(source),
    await volumesRow(source),
    await unownedRow(source, unownedIn(contents, now)),
    await othersRow(source),
  ];
}

/** Measures; what cannot be measured is warned of. */
export function tellingMeasure({ logger }: Pick<ServerView, "logger">, signal?: AbortSignal): Measure {
  const meter = spaceMeter(signal);
  return async (path, options) => {
    try {
      return await meter.measure(path, options);
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      logger.warn(error.message);
      return undefined;
    }
  };
}
