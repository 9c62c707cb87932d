/* What changes of images write into the journal of changes, for who watches events. */
import { imageEvent } from "../events/changes";
import type { EventStatus } from "../events/event";
import { noteEvents } from "../events/journal";
import type { RemovedImage } from "../storage/image-removal";
import type { ChangedNames } from "../storage/image-tags";
import type { Store } from "../storage/store";

/** Writes down what was done with an image under each of these names. */
export function noteImage(store: Store, status: EventStatus, id: string, names: readonly string[]): void {
  const time = Date.now();
  const events = names.map((name) => imageEvent(status, id, name, time));
  noteEvents(store.layout.runRoot, events, store.logger);
}

/** Writes down which names an image got or lost. @returns those that were asked for */
export function noteNames(
  store: Store,
  status: "tag" | "untag",
  { image, names, changed }: ChangedNames,
): string[] {
  noteImage(store, status, image, changed);
  return names;
}

/** Writes down the removal of an image, or of names of it. */
export function noteRemoval(store: Store, removed: RemovedImage): RemovedImage {
  const { id, deleted, untagged } = removed;
  if (deleted === undefined) noteImage(store, "untag", id, untagged);
  else noteImage(store, "remove", id, [untagged[0] ?? ""]);
  return removed;
}
