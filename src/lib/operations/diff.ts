import type { ServerView } from "../server-parts";
import type { ChangeRun } from "../storage/change-runs";
import { compareLayers } from "../storage/compare-layers";
import { findFileSystem, layerDirectories, parentLayer } from "./file-systems";

/**
 * What a container's file system has changed over its image's, an image's uppermost layer or any layer over the one
 * beneath it; with two names, what the second has over the first.
 * @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT, NOT_PERMITTED, IO, INTERRUPTED
 */
export async function diffFileSystems(
  server: Pick<ServerView, "store" | "lists">,
  [first, second]: readonly [string, (string | undefined)?],
  signal?: AbortSignal,
): Promise<ChangeRun[]> {
  const find = async (name: string) =>
    (await findFileSystem(server, name, ["container", "image", "layer"])).layer;
  const layer = await find(first);
  const [before, after] =
    second === undefined ? [await parentLayer(server, layer), layer] : [layer, await find(second)];
  return compareLayers(await layerDirectories(server, before), await layerDirectories(server, after), signal);
}
