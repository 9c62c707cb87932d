import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { KpodError } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import type { Container } from "../oci/container";
import type { ServerParts, ServerView } from "../server-parts";
import { parseContainerMetadata } from "../storage/container-metadata";
import { describeDamage, mayBeDamaged } from "../storage/damaged-metadata";
import type { LockOptions } from "../storage/lock-file";
import { parseExactJson } from "../system/exact-json";
import { isRecord, readTextIfThere, removeIfThere, writeFileAtomic } from "../system/files";
import { noteContainer } from "./note-event";
import { abandonedJournals, beginJournal, type RenameJournal } from "./rename-journal";
import { namesFrom, renameInText, type ContainerNames } from "./rename-names";

/** The steps of a rename, in their order. */
export type RenameStep = "journal" | "config" | "bundle" | "state" | "layer" | "record" | "done";

/**
 * Renames a container, all or none (libkpod: ContainerRename): the annotations of its spec in both places and
 * of its state.json, its layer's name, and its record in the store. The record decides: as long as it has the
 * old name, a rename that broke off is rolled back by the next kpod that changes something, and once it has the new one, finished.
 * @param onStep called after each step; tests end the process there
 * @throws KpodError BAD_ARGUMENT, or CONFLICT that names the holder of the name
 */
export async function renameContainer(
  server: ServerParts,
  container: Container,
  newName: string,
  onStep: (step: RenameStep) => void = () => {},
): Promise<void> {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(newName)) {
    throw new KpodError("BAD_ARGUMENT", `invalid name ${JSON.stringify(newName)}`, {
      hint: "a name begins with a letter or digit, and goes on with letters, digits, '_', '.' and '-'",
    });
  }
  const before = await giveNames(
    server,
    container,
    ({ metadata }) => namesFrom(newName, metadata.attempt),
    onStep,
  );
  const renamed = server.lists.getContainer(container.id) ?? container;
  noteContainer(server, renamed, "rename", { attributes: { oldName: before.name } });
}

/**
 * Gives a container other names everywhere, all or none: see `renameContainer`.
 * @param choose gets the container as it is once nobody else changes names
 * @returns the names that it had
 * @throws KpodError BAD_ARGUMENT, CONFLICT, CORRUPT, NOT_FOUND, and what `choose` throws
 */
export async function giveNames(
  server: ServerParts,
  container: Container,
  choose: (current: Container) => ContainerNames,
  onStep: (step: RenameStep) => void = () => {},
): Promise<ContainerNames> {
  server.requireNode();
  const { id } = container;
  if (!isStorageId(id)) throw new KpodError("BAD_ARGUMENT", `${id} is no id of a container`);
  const before = await server.withStateLock(async () => {
    // No rename is under way beside this one, but somebody may still be busy with one that broke off.
    await recoverRenames(server, server.store.lockWait);
    await server.updateRecords();
    const current = server.lists.lookupContainer(id);
    await refuseDamagedMetadata(server, id);
    const from: ContainerNames = { name: current.name, metadata: { ...current.metadata } };
    const to = choose(current);
    const sameName = to.name === from.name && to.metadata.attempt !== from.metadata.attempt;
    if (!sameName) await refuseTakenName(server, id, to.name);
    const journal = await beginJournal(server.store.layout.root, id, { from, to }, server.store.lockWait);
    try {
      onStep("journal");
      await applyNames(server, id, to, onStep);
      await renameRecord(server, id, to);
      onStep("record");
    } catch (error) {
      // Somebody removed it, with the files that were to be written.
      if ((await finishOrRollBack(server, journal)) === undefined) throw hasLeft(id, error);
      throw error;
    }
    journal.end();
    await server.updateRecords();
    return from;
  });
  onStep("done");
  return before;
}

function hasLeft(id: StorageId, cause?: unknown): KpodError {
  return new KpodError("NOT_FOUND", `container ${id} has left the store meanwhile`, { cause });
}

/** The new name stands in the metadata too: written anew from what is left of them, they would lose the rest. */
async function refuseDamagedMetadata(server: Pick<ServerView, "store">, id: StorageId): Promise<void> {
  const record = (await server.store.containers()).find((candidate) => candidate.id === id);
  if (record === undefined || parseContainerMetadata(record.metadata) !== undefined) return;
  throw new KpodError(
    "CORRUPT",
    `cannot rename ${id}: the metadata of its record ${describeDamage(record.metadata)}`,
    {
      hint: "such a container can only be stopped and removed",
    },
  );
}

async function refuseTakenName(
  server: Pick<ServerView, "store">,
  id: StorageId,
  name: string,
): Promise<void> {
  const holder = (await server.store.containers()).find((record) => record.names?.includes(name) === true);
  if (holder === undefined) return;
  throw new KpodError("CONFLICT", `conflict, name "${name}" already reserved for ctr "${holder.id}"`, {
    hint: holder.id === id ? "that is its name already" : "choose another name",
  });
}

/** Puts names everywhere but into the record. What is not there is passed over; doing it twice does no harm. */
async function applyNames(
  server: Pick<ServerView, "store">,
  id: StorageId,
  names: ContainerNames,
  onStep: (step: RenameStep) => void = () => {},
): Promise<void> {
  const { store } = server;
  const dir = store.userdataDirectory(id);
  renameInFile(dir, "config.json", names);
  onStep("config");
  renameInFile(store.runUserdataDirectory(id), "config.json", names);
  onStep("bundle");
  renameInFile(dir, "state.json", names);
  onStep("state");
  const layer = (await store.containers()).find((record) => record.id === id)?.layer;
  if (isStorageId(layer)) await store.setLayerNames(layer, [`${names.name}-layer`]);
  onStep("layer");
}

function renameInFile(directory: string, file: string, names: ContainerNames): void {
  const path = join(directory, file);
  const text = readTextIfThere(path);
  if (text === undefined) return;
  const renamed = renameInText(text, names);
  if (renamed !== text) writeFileAtomic(path, renamed, 0o644);
}

async function renameRecord(
  server: Pick<ServerView, "store">,
  id: StorageId,
  names: ContainerNames,
): Promise<void> {
  const record = (await server.store.containers()).find((candidate) => candidate.id === id);
  if (parseContainerMetadata(record?.metadata) === undefined) throw hasLeft(id);
  const { value, stringify } = parseExactJson(`the metadata of container ${id}`, record?.metadata ?? "");
  const renamed: Record<string, unknown> = {
    ...(isRecord(value) ? value : {}),
    name: names.name,
    "metadata-name": names.metadata.name,
  };
  if (names.metadata.attempt === 0) delete renamed.attempt;
  else renamed.attempt = names.metadata.attempt;
  await server.store.setNamesAndMetadata(id, [names.name], stringify(renamed));
}

/**
 * Finishes or rolls back the renames that broke off. Called before every change, so it costs nothing where there are
 * none; a store that cannot be written keeps its journal for later.
 * @param wait how long to wait for one that somebody else is busy with; without it not at all
 */
export async function recoverRenames(
  server: Pick<ServerView, "store" | "logger">,
  wait: LockOptions = { timeoutMs: 1 },
): Promise<void> {
  for (const journal of await abandonedJournals(server.store.layout.root, wait)) {
    const what = `a rename of container ${journal.id.slice(0, 13)} had broken off`;
    try {
      const name = await finishOrRollBack(server, journal);
      if (name !== undefined) server.logger.warn(`${what}: its name is ${name}`);
    } catch (error) {
      // The other containers can be worked with all the same, and the journal is still there.
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      server.logger.warn(`${what} and cannot be rolled back: ${error.message}`);
    }
  }
}

/**
 * Gives a container the names of its record everywhere: the new ones when the record has them already.
 * @returns its name; undefined when it is gone
 */
async function finishOrRollBack(
  server: Pick<ServerView, "store">,
  journal: RenameJournal,
): Promise<string | undefined> {
  try {
    const { id } = journal;
    const record = (await server.store.containers()).find((candidate) => candidate.id === id);
    const metadata = parseContainerMetadata(record?.metadata);
    if (record !== undefined && metadata === undefined && mayBeDamaged(record)) {
      const damage = describeDamage(record.metadata);
      throw new KpodError("CORRUPT", `the metadata of its record ${damage}`, {
        hint: "remove the container",
      });
    }
    if (metadata !== undefined) {
      const { name, "metadata-name": kubeName, attempt = 0 } = metadata;
      removeTemporaryFiles(server, id);
      await applyNames(server, id, { name, metadata: { name: kubeName, attempt } });
    }
    journal.end();
    return metadata?.name;
  } catch (error) {
    journal.release();
    throw error;
  }
}

/** What a writer left beside the files when it was ended in the middle of writing. */
function removeTemporaryFiles(server: Pick<ServerView, "store">, id: StorageId): void {
  for (const directory of [server.store.userdataDirectory(id), server.store.runUserdataDirectory(id)]) {
    // A reboot takes the second with it.
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      if (/^(config|state)\.json\.tmp-[0-9a-f]{12}$/.test(name)) removeIfThere(join(directory, name));
    }
  }
}
