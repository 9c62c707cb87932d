import { KpodError } from "../../errors";
import type { StorageId } from "../../names/ids";
import { layerChain } from "../../storage/images";
import { readImageConfig } from "../../storage/image-config";
import type { ImageRecord } from "../../storage/records";
import { fileLimits, isRecord, readBytesIfThere } from "../../system/files";
import type { Facts } from "../facts";

/**
 * The digest that the configuration of an image has for one of its layers.
 * @param parents the layer beneath each, the one in question included
 * @returns undefined where the configuration is lost, or has not as many layers
 */
export function diffDigestOf(
  { server: { store } }: Facts,
  image: ImageRecord,
  layer: StorageId,
  parents: ReadonlyMap<StorageId, string | undefined>,
): string | undefined {
  const chain = layerChain(parents, image.layer).reverse();
  try {
    const { rootfs } = readImageConfig(store, image);
    const digests: unknown = isRecord(rootfs) ? rootfs.diff_ids : undefined;
    if (!Array.isArray(digests) || digests.length !== chain.length) return undefined;
    const digest: unknown = digests[chain.indexOf(layer)];
    return typeof digest === "string" && /^[a-z0-9]+:[0-9a-f]{32,}$/.test(digest) ? digest : undefined;
  } catch (error) {
    // That it is lost is what another check tells.
    if (error instanceof KpodError) return undefined;
    throw error;
  }
}

/**
 * The length of a layer's tar, by the recipe that the store keeps to make it again: pieces of the tar, and the sizes of
 * the files between them.
 * @param path of `ID.tar-split.gz`
 * @returns undefined where there is none, or it is cut
 */
export async function tarLength(path: string): Promise<number | undefined> {
  const bytes = readBytesIfThere(path, fileLimits.records);
  if (bytes.length === 0) return undefined;
  const { gunzipSync } = await import("node:zlib");
  try {
    const lines = gunzipSync(bytes, { maxOutputLength: fileLimits.records }).toString("utf8").split("\n");
    return lines.filter((line) => line !== "").reduce((sum, line) => sum + lengthOf(JSON.parse(line)), 0);
  } catch {
    // Then nobody knows, and the record says nothing of it.
    return undefined;
  }
}

function lengthOf(entry: unknown): number {
  if (!isRecord(entry)) return 0;
  if (entry.type === 1) return typeof entry.size === "number" ? entry.size : 0;
  return typeof entry.payload === "string" ? Buffer.from(entry.payload, "base64").length : 0;
}
