import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { parseContainerMetadata } from "../storage/container-metadata";
import { isStorageId, type StorageId } from "../storage/ids";
import { readTextIfThere, writeFileAtomic } from "../system/files";
import { abandonedJournals, beginJournal, endJournal, type RenameJournal } from "./rename-journal";
import { namesFrom, renameInText, type ContainerNames } from "./rename-names";

/** The steps of a rename, in their order. */
export type RenameStep = "journal" | "config" | "bundle" | "state" | "layer" | "record" | "done";

/**
 * Renames a container, all or none (libkpod: ContainerRename): the annotations of its spec in both places and
 * of its state.json, its layer's name, and its record in the store. The record decides: as long as it has the
 * old name, a rename that broke off is taken back by the next kpod, and once it has the new one, finished.
 * @param onStep called after each step; tests end the process there
 * @throws KpodError BAD_ARGUMENT, or CONFLICT that names the holder of the name
 */
export async function renameContainer(
  server: ContainerServer,
  container: Container,
  newName: string,
  onStep: (step: RenameStep) => void = () => {},
): Promise<void> {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(newName)) {
    throw new KpodError("BAD_ARGUMENT", `invalid name ${JSON.stringify(newName)}`, {
      hint: "a name begins with a letter or digit, and goes on with letters, digits, '_', '.' and '-'",
    });
  }
  const { id } = container;
  if (!isStorageId(id)) throw new KpodError("BAD_ARGUMENT", `${id} is no id of a container`);
  await server.withStateLock(async () => {
    await server.update({ states: false });
    const current = server.lookupContainer(id);
    await refuseTakenName(server, id, newName);
    const from: ContainerNames = { name: current.name, metadata: { ...current.metadata } };
    const to = namesFrom(newName, current.metadata.attempt);
    const { root } = server.store.layout;
    const lock = await beginJournal(root, { id, from, to });
    try {
      onStep("journal");
      try {
        await applyNames(server, id, to, onStep);
        await renameRecord(server, id, to);
      } catch (error) {
        await applyNames(server, id, from);
        endJournal(root, id);
        throw error;
      }
      onStep("record");
      endJournal(root, id);
    } finally {
      lock.release();
    }
    await server.update({ states: false });
  });
  onStep("done");
}

async function refuseTakenName(server: ContainerServer, id: StorageId, name: string): Promise<void> {
  const holder = (await server.store.containers()).find((record) => record.names?.includes(name) === true);
  if (holder === undefined) return;
  throw new KpodError("CONFLICT", `conflict, name "${name}" already reserved for ctr "${holder.id}"`, {
    hint: holder.id === id ? "that is its name already" : "choose another name",
  });
}

/** Puts names everywhere but into the record. What is not there is passed over; doing it twice does no harm. */
async function applyNames(
  server: ContainerServer,
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

async function renameRecord(server: ContainerServer, id: StorageId, names: ContainerNames): Promise<void> {
  const record = (await server.store.containers()).find((candidate) => candidate.id === id);
  const metadata = parseContainerMetadata(record?.metadata);
  if (metadata === undefined)
    throw new KpodError("NOT_FOUND", `container ${id} has left the store meanwhile`);
  const renamed = { ...metadata, name: names.name, "metadata-name": names.metadata.name };
  if (names.metadata.attempt === 0) delete renamed.attempt;
  else renamed.attempt = names.metadata.attempt;
  await server.store.setNamesAndMetadata(id, [names.name], JSON.stringify(renamed));
}

/**
 * Finishes or takes back the renames that broke off. Called by every command's update, so it costs nothing
 * where there are none; a store that cannot be written keeps its journal for later.
 */
export async function recoverRenames(server: ContainerServer): Promise<void> {
  for (const { journal, lock } of await abandonedJournals(server.store.layout.root)) {
    try {
      await recover(server, journal);
    } finally {
      lock.release();
    }
  }
}

async function recover(server: ContainerServer, { id, from, to }: RenameJournal): Promise<void> {
  const record = (await server.store.containers()).find((candidate) => candidate.id === id);
  if (record !== undefined) {
    removeTemporaryFiles(server, id);
    const names = record.names?.includes(to.name) === true ? to : from;
    await applyNames(server, id, names);
    server.logger.warn(`a rename of container ${id.slice(0, 13)} had broken off: its name is ${names.name}`);
  }
  endJournal(server.store.layout.root, id);
}

/** What a writer left beside the files when it was ended in the middle of writing. */
function removeTemporaryFiles(server: ContainerServer, id: StorageId): void {
  for (const directory of [server.store.userdataDirectory(id), server.store.runUserdataDirectory(id)]) {
    for (const name of readdirSync(directory)) {
      if (/^(config|state)\.json\.tmp-[0-9a-f]{12}$/.test(name))
        rmSync(join(directory, name), { force: true });
    }
  }
}
