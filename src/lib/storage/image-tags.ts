import { KpodError } from "../errors";
import type { StorageId } from "../names/ids";
import { newImageName } from "../names/image-names";
import { findImage, meantName, readImages } from "./images";
import { refuseSplitImageStore } from "./layout";
import { editRecords, hasId, isUsableRecord, type ImageRecord, type StorageRecord } from "./records";
import type { Store } from "./store";

/** Names that an image got or lost. */
export interface ChangedNames {
  readonly image: StorageId;
  /** All that were asked for, as they are stored. */
  readonly names: string[];
  /** Those that it did not have before, or has not any more. */
  readonly changed: readonly string[];
}

/**
 * Gives an image further names. A name that another image has is taken from it; one that the image has already stays.
 * @param names as users write them: one without a registry is of `localhost`, one without a tag gets `latest`
 * @throws KpodError BAD_ARGUMENT for what is no name of an image, NOT_FOUND, AMBIGUOUS, UNSUPPORTED, LOCK_TIMEOUT, IO
 */
export async function tagImage(
  store: Store,
  wanted: string,
  names: readonly string[],
): Promise<ChangedNames> {
  const added = [...new Set(names.map(newImageName))];
  const { id, names: before = [] } = await changeNames(store, wanted, (image) => {
    // As containers/storage has it: the new ones first.
    const all = [...added, ...(image.names ?? []).filter((name) => !added.includes(name))];
    return (image.names ?? []).length === all.length ? undefined : all;
  });
  return { image: id, names: added, changed: added.filter((name) => !before.includes(name)) };
}

/**
 * Takes names from an image, which stays, if without any.
 * @param names as users write them; without any, all the image has
 * @throws KpodError NOT_FOUND for no such image, or a name that it does not have; AMBIGUOUS, UNSUPPORTED, LOCK_TIMEOUT, IO
 */
export async function removeImageNames(
  store: Store,
  wanted: string,
  names: readonly string[],
): Promise<ChangedNames> {
  let removed: string[] = [];
  const { id } = await changeNames(store, wanted, (image) => {
    const own = image.names ?? [];
    removed = names.length === 0 ? own : [...new Set(names.map((name) => requireName(image, name)))];
    return removed.length === 0 ? undefined : own.filter((name) => !removed.includes(name));
  });
  return { image: id, names: removed, changed: removed };
}

function requireName(image: ImageRecord, wanted: string): string {
  const name = meantName(image, wanted);
  if (name !== undefined) return name;
  const names = image.names ?? [];
  throw new KpodError("NOT_FOUND", `${wanted} is not a name of image ${image.id.slice(0, 13)}`, {
    hint: names.length === 0 ? "it has none" : `its names: ${names.join(", ")}`,
  });
}

/**
 * Changes the names of an image under the lock of the images, where there is something to change.
 * @returns its record as it was before
 */
async function changeNames(
  store: Store,
  wanted: string,
  namesOf: (image: ImageRecord) => readonly string[] | undefined,
): Promise<ImageRecord> {
  const { layout, logger } = store;
  if (!store.exists()) throw new KpodError("NOT_FOUND", `the storage root ${layout.root} does not exist`);
  refuseSplitImageStore(layout, "images are not named anew in", "use podman for it");
  return store.change([[layout.imagesLock, "write"]] as const, (_staging, { touch }) => {
    const image = findImage(readImages(layout, logger), wanted);
    if (image === undefined) {
      throw new KpodError("NOT_FOUND", `image ${wanted} is not in the store ${layout.root}`, {
        hint: "see kpod images",
      });
    }
    const names = namesOf(image);
    if (names === undefined) return image;
    editRecords(layout.imagesFile, touch, (entries) =>
      entries.map((entry) => {
        if (!isUsableRecord(entry)) return entry;
        return hasId(entry, image.id) ? withNames(entry, names) : withoutNames(entry, names);
      }),
    );
    return image;
  });
}

/** The record as containers/storage writes it: each name goes in front of those that the image has had. */
function withNames(record: StorageRecord, names: readonly string[]): StorageRecord {
  const before: unknown = record["names-history"];
  const history = [
    ...new Set([...[...names].reverse(), ...(Array.isArray(before) ? (before as unknown[]) : [])]),
  ];
  return { ...withOnly(record, names), ...(history.length === 0 ? {} : { "names-history": history }) };
}

/** The record of another image: a name belongs to one. */
function withoutNames(record: StorageRecord, taken: readonly string[]): StorageRecord {
  const names = record.names ?? [];
  const kept = names.filter((name) => !taken.includes(name));
  return kept.length === names.length ? record : withOnly(record, kept);
}

/** A list without names is left out, as Go does. */
function withOnly(record: StorageRecord, names: readonly string[]): StorageRecord {
  if (names.length > 0) return { ...record, names: [...names] };
  const rest = { ...record };
  delete rest.names;
  return rest;
}
