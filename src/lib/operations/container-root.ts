import { fileError, KpodError } from "../errors";
import type { Container } from "../oci/container";
import { isBindMount } from "../oci/spec";
import type { ServerView } from "../server-parts";
import { openMountView, type BindMount } from "../system/mount-view";
import { mountForCopy } from "./copy-mounts";
import { findFileSystem, type FileSystem } from "./file-systems";
import { firstProcess, type FirstProcess } from "./first-process";
import { readRecordMap, readSpecMap, type ContainerIds } from "./id-maps";
import { openProcessRoot } from "./process-root";
import { mountsOf } from "./spec-mounts";

/** The file system of a container with what is mounted in it. */
export interface ContainerRoot {
  /** Refers to its root directory (O_PATH). */
  readonly fd: number;
  readonly ids: ContainerIds;
  /** Unmounts what was mounted for it. */
  readonly close: () => Promise<void>;
}

type Opening = Pick<ServerView, "config" | "lists" | "logger" | "runtime" | "store">;

/** How often a container may begin or end while it is opened. */
const attempts = 3;

/**
 * Opens the file system of a container: of one that has a process as that sees it, with its own mounts; of all others by
 * mounting its layer, and for this process alone what its spec has mounted from the node. Paths in it are the container's,
 * and are opened by `openInRoot`.
 * @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT, BAD_STATE, NOT_PERMITTED, IO, LOCK_TIMEOUT
 */
export async function openContainerRoot(server: Opening, name: string): Promise<ContainerRoot> {
  const found = await findFileSystem(server, name, ["container"]);
  const { container } = found;
  for (let attempt = 0; container !== undefined && attempt < attempts; attempt++) {
    await server.runtime.updateStatus(container);
    const process = firstProcess(container, { created: true });
    if (process === undefined) break;
    const root = rootOf(container, process);
    if (root !== undefined) return root;
  }
  return mountedRoot(server, found);
}

/** @returns undefined where the process has ended */
function rootOf(container: Container, process: FirstProcess): ContainerRoot | undefined {
  const root = openProcessRoot(process, container.id);
  if (root === undefined) return undefined;
  try {
    const { uidMappings, gidMappings } = container.spec.linux ?? {};
    return {
      fd: root.fd,
      ids: { users: readSpecMap(uidMappings), groups: readSpecMap(gidMappings) },
      close: () => {
        root.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    root.close();
    throw error;
  }
}

async function mountedRoot(server: Opening, { layer, label, container }: FileSystem): Promise<ContainerRoot> {
  const record = (await server.store.layers()).find(({ id }) => id === layer);
  const { mounts, readOnly } = specOf(server, container);
  const { path, unmount } = await mountForCopy(server, layer, label);
  try {
    const view = openMountView(path, { mounts, readOnly });
    return {
      fd: view.root,
      ids: { users: readRecordMap(record?.uidmap), groups: readRecordMap(record?.gidmap) },
      close: async () => {
        view.close();
        await unmount();
      },
    };
  } catch (error) {
    await unmount();
    throw fileError(`cannot open the file system of ${container?.name ?? path}`, error);
  }
}

/** What the spec of a container mounts from the node, and whether its root can only be read. */
function specOf(
  { logger }: Opening,
  container: Container | undefined,
): { mounts: BindMount[]; readOnly: boolean } {
  try {
    if (container === undefined) return { mounts: [], readOnly: false };
    const mounts = mountsOf(container.spec)
      .filter(isBindMount)
      .filter(({ source, destination }) => source.startsWith("/") && destination.startsWith("/"))
      .map(({ source, destination, options }) => ({
        source,
        destination,
        readOnly: options.includes("ro") || options.includes("rro"),
      }));
    return { mounts, readOnly: container.spec.root?.readonly === true };
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    logger.warn(`what is mounted in the container is not seen: ${error.message}`);
    return { mounts: [], readOnly: false };
  }
}
