import type { Stats } from "node:fs";
import type { ServerView } from "../server-parts";
import { tarLayers } from "../storage/tar-tree";
import { findFileSystem, layerDirectories } from "./file-systems";
import { idInContainer, readRecordMap } from "./id-maps";

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
  const [uids, gids] = [readRecordMap(record?.uidmap), readRecordMap(record?.gidmap)];
  const owner = ({ uid, gid }: Stats) => ({ uid: idInContainer(uid, uids), gid: idInContainer(gid, gids) });
  const directories = await layerDirectories(server, layer);
  return tarLayers(directories, write, { owner, logger: server.logger, signal });
}
