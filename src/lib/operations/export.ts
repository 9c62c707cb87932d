import type { Stats } from "node:fs";
import type { ServerView } from "../server-parts";
import { isRecord } from "../system/files";
import { tarLayers } from "../storage/tar-tree";
import { findFileSystem, layerDirectories } from "./file-systems";

/** How a file system is exported. */
export interface ExportOptions {
  /** Takes the bytes of the archive, which are used again once it returns. */
  readonly write: (bytes: Uint8Array) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes the file system of a container, whatever its state, as a tar archive: its layers as they lie on disk, without
 * what is mounted in it. Nothing is mounted, and no more memory used for more.
 * @returns how many files became shorter while they were read
 * @throws KpodError NOT_FOUND, AMBIGUOUS, CORRUPT, NOT_PERMITTED, IO, INTERRUPTED; what `write` throws
 */
export async function exportFileSystem(
  server: Pick<ServerView, "store" | "lists" | "logger">,
  name: string,
  { write, signal }: ExportOptions,
): Promise<number> {
  const { layer } = await findFileSystem(server, name, ["container", "layer"]);
  const record = (await server.store.layers()).find(({ id }) => id === layer);
  const [uids, gids] = [readMap(record?.uidmap), readMap(record?.gidmap)];
  const owner = ({ uid, gid }: Stats) => ({ uid: inContainer(uid, uids), gid: inContainer(gid, gids) });
  const directories = await layerDirectories(server, layer);
  return tarLayers(directories, write, { owner, logger: server.logger, signal });
}

/** A range of ids of the node that a user namespace has. */
interface IdRange {
  readonly container: number;
  readonly host: number;
  readonly size: number;
}

function readMap(value: unknown): IdRange[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((range) => ({
    container: Number(range.container_id),
    host: Number(range.host_id),
    size: Number(range.size),
  }));
}

/** An id of the node as a container with a user namespace sees it; one that it does not have stays as it is. */
function inContainer(id: number, ranges: readonly IdRange[]): number {
  const range = ranges.find(({ host, size }) => id >= host && id < host + size);
  return range === undefined ? id : id - range.host + range.container;
}
