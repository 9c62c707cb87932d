/* What changes of images write into the journal of changes, for who watches events. */
import { imageEvent } from "../events/changes";
import type { EventStatus } from "../events/event";
import { noteEvents } from "../events/journal";
import { findImage } from "../storage/images";
import type { RemovedImage } from "../storage/image-removal";
import type { ImageRecord } from "../storage/records";
import type { Store } from "../storage/store";

/** Writes down what was done with an image under each of these names. */
export function noteImage(store: Store, status: EventStatus, id: string, names: readonly string[]): void {
  const time = Date.now();
  const events = names.map((name) => imageEvent(status, id, name, time));
  noteEvents(store.layout.runRoot, events, store.logger);
}

/** Changes the names of an image, and writes down which it got or lost. */
export async function notingNames(
  store: Store,
  status: "tag" | "untag",
  wanted: string,
  change: () => Promise<string[]>,
): Promise<string[]> {
  const image = await imageOf(store, wanted);
  const names = await change();
  if (image === undefined) return names;
  // One that it had already is no news.
  const changed = status === "tag" ? names.filter((name) => image.names?.includes(name) !== true) : names;
  noteImage(store, status, image.id, changed);
  return names;
}

/** Removes an image or names of it, and writes that down. */
export async function notingRemoval(
  store: Store,
  wanted: string,
  remove: () => Promise<RemovedImage>,
): Promise<RemovedImage> {
  const image = await imageOf(store, wanted);
  const removed = await remove();
  const { deleted, untagged } = removed;
  if (deleted !== undefined) noteImage(store, "remove", deleted, [untagged[0] ?? ""]);
  else if (image !== undefined) noteImage(store, "untag", image.id, untagged);
  return removed;
}

/** An image; undefined for one that is not there, which is for whoever changes it to say. */
async function imageOf(store: Store, wanted: string): Promise<ImageRecord | undefined> {
  return store.exists() ? findImage(await store.images(), wanted) : undefined;
}
