import { KpodError } from "../errors";
import { isStorageId, mayBeginId, type StorageId } from "../names/ids";
import { isNotFoundError } from "../names/lookup";
import type { Container } from "../oci/container";
import type { ServerView } from "../server-parts";
import { parseContainerMetadata } from "../storage/container-metadata";
import { findImage, layerChain } from "../storage/images";
import type { ContainerRecord } from "../storage/records";
import { findStorageContainer } from "./sizes";

/** What has a file system in the store. */
export type FileSystemKind = "container" | "image" | "layer";

/** A file system of the store. */
export interface FileSystem {
  readonly kind: FileSystemKind;
  readonly id: StorageId;
  /** Its uppermost layer. */
  readonly layer: StorageId;
  /** SELinux label of its mount, "" for none. */
  readonly label: string;
  /** The container, where it is one that CRI-O or kpod made. */
  readonly container?: Container;
}

/** What of a server a file system is looked up with. */
type Records = Pick<ServerView, "store" | "lists">;

/**
 * Finds the file system that a name means: of a container or a pod's infra container, whoever made it, of an image, or a
 * layer by its id, the beginning of that, or a name.
 * @param kinds what is asked for; of several the first that has the name
 * @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT
 */
export async function findFileSystem(
  server: Records,
  wanted: string,
  kinds: readonly FileSystemKind[],
): Promise<FileSystem> {
  const finders: Record<FileSystemKind, () => Promise<FileSystem | undefined>> = {
    container: () => containerNamed(server, wanted),
    image: () => imageNamed(server, wanted),
    layer: () => layerNamed(server, wanted),
  };
  for (const kind of kinds) {
    const found = await finders[kind]();
    if (found !== undefined) return found;
  }
  const [last = "", ...others] = [...kinds].reverse();
  const list = others.length === 0 ? last : `${others.reverse().join(", ")} or ${last}`;
  throw new KpodError("NOT_FOUND", `no ${list} ${wanted} in the store ${server.store.layout.root}`);
}

/**
 * The directories of the layers that make up a file system, the uppermost first.
 * @param top its uppermost layer; undefined for an empty file system
 * @throws KpodError CORRUPT when the directory of a layer is missing
 */
export async function layerDirectories(
  { store }: Pick<ServerView, "store">,
  top: StorageId | undefined,
): Promise<string[]> {
  const { driver } = store;
  const parents = await parentsOf({ store });
  const chain = layerChain(parents, top);
  // The directory may be there where the record is not.
  const layers = chain.length === 0 && top !== undefined ? [top] : chain;
  const lost = layers.find((layer) => !driver.has(layer));
  if (lost !== undefined) throw new KpodError("CORRUPT", `the directory of layer ${lost} is missing`);
  // Each layer of vfs is a whole copy.
  return (driver.name === "vfs" ? layers.slice(0, 1) : layers).map((layer) => driver.diffPath(layer));
}

/** The layer beneath another one; undefined for the lowest. */
export async function parentLayer(
  server: Pick<ServerView, "store">,
  layer: StorageId,
): Promise<StorageId | undefined> {
  const parent = (await parentsOf(server)).get(layer);
  return isStorageId(parent) ? parent : undefined;
}

async function parentsOf({ store }: Pick<ServerView, "store">): Promise<Map<StorageId, string | undefined>> {
  return new Map((await store.layers()).map(({ id, parent }) => [id, parent]));
}

async function containerNamed({ store, lists }: Records, wanted: string): Promise<FileSystem | undefined> {
  const container =
    unlessNotFound(() => lists.lookupContainer(wanted)) ??
    lists.all().find(({ infra, name }) => infra && name === wanted) ??
    unlessNotFound(() => lists.lookupSandbox(wanted))?.infraContainer;
  const record =
    (container && (await recordOf(store, container.id))) ??
    (await findOrNone(() => findStorageContainer(store, container?.id ?? wanted)));
  if (record === undefined) return undefined;
  if (!isStorageId(record.layer)) {
    throw new KpodError("CORRUPT", `the record of container ${record.id} names no layer`, {
      hint: "the container was made or deleted only by half",
    });
  }
  return {
    kind: "container",
    id: record.id,
    layer: record.layer,
    label: parseContainerMetadata(record.metadata)?.mountlabel ?? "",
    ...(container === undefined ? {} : { container }),
  };
}

/** Its record alone, without those of all others; undefined where only these tell. */
async function recordOf(store: ServerView["store"], id: string): Promise<ContainerRecord | undefined> {
  return (await store.containersNamed([id]))?.find((record) => record.id === id);
}

async function imageNamed({ store }: Records, wanted: string): Promise<FileSystem | undefined> {
  const image = findImage(await store.images(), wanted);
  if (image === undefined) return undefined;
  if (isStorageId(image.layer)) return { kind: "image", id: image.id, layer: image.layer, label: "" };
  throw new KpodError("CORRUPT", `image ${wanted} has no layer`);
}

async function layerNamed({ store }: Records, wanted: string): Promise<FileSystem | undefined> {
  const layers = await store.layers();
  const fitting = layers.filter(
    ({ id, names }) => id === wanted || names?.includes(wanted) === true || begins(id, wanted),
  );
  const exact = fitting.find(({ id, names }) => id === wanted || names?.includes(wanted) === true);
  if (exact === undefined && fitting.length > 1) {
    const candidates = fitting.map(({ id }) => id.slice(0, 13)).join(", ");
    throw new KpodError("AMBIGUOUS", `layer ${wanted} is ambiguous: ${candidates}`, {
      hint: "give more digits",
    });
  }
  const id = (exact ?? fitting[0])?.id;
  return id === undefined ? undefined : { kind: "layer", id, layer: id, label: "" };
}

function begins(id: string, wanted: string): boolean {
  return mayBeginId(wanted) && id.startsWith(wanted);
}

function unlessNotFound<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isNotFoundError(error)) return undefined;
    throw error;
  }
}

async function findOrNone<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (isNotFoundError(error)) return undefined;
    throw error;
  }
}
