import { mkdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileError, isNotFound, KpodError } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import type { ServerView } from "../server-parts";
import { copyNotes } from "./copy-notes";
import { namesInDirectory, removeDirectoryIfEmpty } from "../system/files";
import { isAlive, readProcessStat } from "../system/process";
import { randomBytes } from "../system/random";

/**
 * What a copy has mounted is noted until it is unmounted, so that a later kpod unmounts it for one that was killed: a file of
 * no content, whose name tells the layer, and by pid and start time whose it is. Like the mounts it ends with a reboot.
 */
type Mounting = Pick<ServerView, "store" | "config">;

const noted = /^copy-([0-9a-f]{64})-(\d+)-(\d+)-[0-9a-f]{12}$/;

function directoryOf({ config }: Pick<Mounting, "config">): string {
  return copyNotes(config.runRoot);
}

/**
 * Mounts a layer for a copy.
 * @returns where it appears, and what unmounts it
 * @throws KpodError CORRUPT, IO, NOT_PERMITTED, LOCK_TIMEOUT
 */
export async function mountForCopy(
  server: Mounting,
  layer: StorageId,
  label: string,
): Promise<{ path: string; unmount: () => Promise<void> }> {
  const { store } = server;
  const path = await store.mount(layer, label);
  const unmount = async (): Promise<void> => {
    await store.uninterrupted(() => store.unmount(layer));
  };
  try {
    const removeNote = note(server, layer);
    return {
      path,
      unmount: async () => {
        removeNote();
        await unmount();
      },
    };
  } catch (error) {
    await unmount();
    throw fileError("cannot note what is mounted", error);
  }
}

function note(server: Mounting, layer: StorageId): () => void {
  const directory = directoryOf(server);
  const { startTime = "0" } = readProcessStat(process.pid) ?? {};
  const name = `copy-${layer}-${process.pid}-${startTime}-${randomBytes(6).toString("hex")}`;
  const write = (): void => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, name), "", { mode: 0o600, flag: "wx" });
  };
  try {
    write();
  } catch (error) {
    // The directory went with somebody else's last note.
    if (!isNotFound(error)) throw error;
    write();
  }
  return () => {
    unlinkSync(join(directory, name));
    removeDirectoryIfEmpty(directory);
  };
}

/**
 * Unmounts what copies have left mounted that were killed.
 * @throws KpodError CORRUPT, LOCK_TIMEOUT, IO
 */
export async function unmountAbandoned(
  server: Mounting & Pick<ServerView, "lists" | "runtime" | "updateRecords">,
): Promise<void> {
  const directory = directoryOf(server);
  for (const name of namesInDirectory(directory)) {
    const [, layer, pid, startTime] = noted.exec(name) ?? [];
    if (!isStorageId(layer) || isAlive({ pid: Number(pid), startTime })) continue;
    await server.updateRecords();
    const container = server.lists.all().find(({ layerId }) => layerId === layer);
    const hasEnded =
      container === undefined || (await server.runtime.updateStatus(container)).status === "stopped";
    try {
      // Whoever takes the note away unmounts, and nobody twice.
      unlinkSync(join(directory, name));
    } catch (error) {
      if (isNotFound(error)) continue;
      throw fileError(`cannot remove ${join(directory, name)}`, error);
    }
    removeDirectoryIfEmpty(directory);
    await unmountOne(server, layer, hasEnded);
  }
}

/** The last mount of what a container may run on stays. */
async function unmountOne({ store }: Mounting, layer: StorageId, hasEnded: boolean): Promise<void> {
  try {
    await store.unmount(layer, hasEnded ? "one" : "one-of-several");
  } catch (error) {
    if (hasEnded || !(error instanceof KpodError) || error.code !== "BAD_STATE") throw error;
  }
}
