import { KpodError } from "../errors";
import { readImageConfig } from "../storage/image-config";
import { readLayerSizes } from "../storage/layer-sizes";
import type { StorageId } from "../names/ids";
import type { Store } from "../storage/store";
import { isRecord } from "../system/files";
import { readTime, textOf } from "../system/go-json";

/** A step in which an image was built. */
export interface ImageHistoryEntry {
  /** Id of the image. */
  id: StorageId;
  /** When, RFC 3339; undefined where the builder did not write it down. */
  created: string | undefined;
  /** The instruction of the builder. */
  createdBy: string;
  /** Bytes of the layer it made, as the store has it unpacked: 0 where it made none, undefined where that is not known. */
  size: number | undefined;
  comment: string;
}

/**
 * The steps in which an image was built, newest first; none where its builder wrote down none.
 * @param wanted name, id, unique prefix of the id, or `name@digest`
 * @throws KpodError NOT_FOUND, AMBIGUOUS; CORRUPT when its manifest or configuration are damaged; UNSUPPORTED for an image
 * of docker's schema 1; INTERRUPTED
 */
export async function imageHistory(
  store: Store,
  wanted: string,
  signal?: AbortSignal,
): Promise<ImageHistoryEntry[]> {
  const image = await store.image(wanted);
  // It comes from a file that anybody can have made.
  const persisted: unknown = readImageConfig(store, image).history;
  const steps = (Array.isArray(persisted) ? persisted.filter(isRecord) : []).reverse();
  const sizes = await readLayerSizes(store, signal);
  // From the top down, so that a layer without a record leaves the sizes of those above it right.
  const layers = sizes.chainOf(image.layer);
  const entries: ImageHistoryEntry[] = [];
  for (const step of steps) {
    entries.push({
      id: image.id,
      created: timeOf(step.created),
      createdBy: textOf(step.created_by),
      size: step.empty_layer === true ? 0 : await sizeOf(layers.shift()),
      comment: textOf(step.comment),
    });
  }
  return entries;

  async function sizeOf(layer: StorageId | undefined): Promise<number | undefined> {
    if (layer === undefined) return undefined;
    try {
      return await sizes.ofLayer(layer);
    } catch (error) {
      // Its directory is gone: all else of the history can be told.
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      return undefined;
    }
  }
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** With all its digits where it stands as it should. */
function timeOf(value: unknown): string | undefined {
  const time = readTime(value);
  if (time === undefined) return undefined;
  const text = textOf(value);
  return rfc3339.test(text) ? text : time.toISOString();
}
