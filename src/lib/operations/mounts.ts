import { errnoOf, KpodError } from "../errors";
import type { StorageId } from "../names/ids";
import type { ServerView } from "../server-parts";
import { readMountPoints, usersOf } from "../storage/mount-points";
import { isMountPoint } from "../system/mount";
import { holderElsewhere, holderHere, holderInWords } from "../system/mount-holders";
import { findFileSystem, type FileSystem } from "./file-systems";

/** A file system of the store that is mounted. */
export interface MountedFileSystem {
  /** Of the container or image. */
  readonly id: StorageId;
  readonly names: readonly string[];
  /** Where it appears. */
  readonly path: string;
}

type Mounting = Pick<ServerView, "logger" | "store" | "lists" | "runtime">;

/**
 * Mounts the file system of a container, or that of an image so that it can only be read; one that is mounted already is
 * counted once more. Each needs its unmount.
 * @param label SELinux label in the place of the container's own
 * @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT, IO, LOCK_TIMEOUT; UNSUPPORTED where it is mounted in another mount namespace
 */
export async function mountFileSystem(
  server: Mounting,
  name: string,
  label?: string,
): Promise<MountedFileSystem> {
  const { store } = server;
  const found = await find(server, name);
  const { id, layer, kind } = found;
  const isListed = usersOf(store.layout, layer) > 0;
  const isMounted = isMountPoint(store.driver.mountPath(layer));
  if (isListed && isMounted && label !== undefined)
    server.logger.warn(`${name} is mounted already, with the label that it has: ${label} is not set`);
  if (isListed && !isMounted && (await isInUse(server, found))) {
    throw new KpodError("UNSUPPORTED", `the file system of ${name} is mounted in another mount namespace`, {
      hint: "use nsenter -t PID -m kpod mount …, with the pid of the container's conmon or of CRI-O",
    });
  }
  const path = await store.mount(layer, label ?? found.label, kind !== "container");
  return { id, names: await namesOf(server, found), path };
}

/**
 * Removes one user of a file system's mount, and unmounts it after the last; what is not mounted is fine.
 * @param force removes all users
 * @throws KpodError NOT_FOUND, AMBIGUOUS, IO, LOCK_TIMEOUT; BAD_STATE where somebody is at work in it, where it is mounted in
 * another mount namespace, and without force where the mount is the one that a container runs on
 */
export async function unmountFileSystem(server: Mounting, name: string, force = false): Promise<void> {
  const found = await find(server, name);
  const { layout, driver } = server.store;
  const path = driver.mountPath(found.layer);
  const elsewhere =
    usersOf(layout, found.layer) > 0 && !isMountPoint(path) ? holderElsewhere(path) : undefined;
  if (elsewhere !== undefined) {
    throw new KpodError(
      "BAD_STATE",
      `cannot unmount ${name}: it is mounted in another mount namespace, that of ${holderInWords(elsewhere)}`,
      { hint: `use nsenter -t ${elsewhere.pid} -m kpod umount …` },
    );
  }
  const inUse = !force && (await isInUse(server, found));
  try {
    const extent = force ? "all" : inUse ? "one-of-several" : "one";
    await server.store.unmount(found.layer, extent, { busy: false });
  } catch (error) {
    if (errnoOf(error) === "EBUSY") throw isBusy(name, path, error);
    if (!(error instanceof KpodError) || error.code !== "BAD_STATE") throw error;
    const why = found.container === undefined ? "may run" : "has not ended";
    throw new KpodError(
      "BAD_STATE",
      `cannot unmount ${name}: the container ${why}, and its mount is its own`,
      {
        hint: "stop it, or use --force",
        cause: error,
      },
    );
  }
}

function isBusy(name: string, path: string, cause: unknown): KpodError {
  const holder = holderHere(path);
  const who = holder === undefined ? "something" : holderInWords(holder);
  return new KpodError("BAD_STATE", `cannot unmount ${name}: ${who} is at work in ${path}`, {
    hint: "end it, or have it go elsewhere",
    cause,
  });
}

/** The containers whose file systems are mounted, in the order of their records, then the images. @throws KpodError CORRUPT, IO */
export async function listMounted({ store }: Pick<ServerView, "store">): Promise<MountedFileSystem[]> {
  const mounted = new Map(
    readMountPoints(store.layout)
      .filter(({ count, path }) => count > 0 && isMountPoint(path))
      .map(({ id, path }) => [id, path]),
  );
  if (mounted.size === 0) return [];
  const records = [...(await store.containers()), ...(await store.images())];
  return records.flatMap(({ id, names = [], layer = "" }) => {
    const path = mounted.get(layer);
    return path === undefined ? [] : [{ id, names, path }];
  });
}

/** A layer that belongs to a container stands for that. */
async function find(server: Mounting, name: string): Promise<FileSystem> {
  const found = await findFileSystem(server, name, ["container", "image", "layer"]);
  if (found.kind !== "layer") return found;
  const owner = (await server.store.containers()).find(({ layer }) => layer === found.layer);
  return owner === undefined ? found : findFileSystem(server, owner.id, ["container"]);
}

/** True for a container that has not ended, as far as anybody can tell. */
async function isInUse({ runtime }: Mounting, { kind, container }: FileSystem): Promise<boolean> {
  if (kind !== "container") return false;
  return container === undefined || (await runtime.updateStatus(container)).status !== "stopped";
}

async function namesOf({ store }: Mounting, { kind, id }: FileSystem): Promise<readonly string[]> {
  const all = {
    container: () => store.containers(),
    image: () => store.images(),
    layer: () => store.layers(),
  };
  const records = await all[kind]();
  return records.find((record) => record.id === id)?.names ?? [];
}
