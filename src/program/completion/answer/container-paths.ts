import type { Config } from "../../../lib/config/index";
import { silentLogger } from "../../../lib/logger";
import { isStorageId, type StorageId } from "../../../lib/names/ids";
import { listFiles, type ListedContainer } from "../../../lib/operations/list-files";
import { persistedStateOf } from "../../../lib/oci/state/persisted";
import { layerChain } from "../../../lib/storage/images";
import { readLayers } from "../../../lib/storage/layers";
import { Store } from "../../../lib/storage/store";
import { libc } from "../../../lib/system/libc";
import type { Candidate } from "./candidates";
import { nodeObjects } from "./node-objects";
import type { PersistedContainer, StoreRecords } from "./store-records";

/** Of a directory with more names nobody reads a list. */
const mostNames = 2_000;

/**
 * Seconds after which SIGALRM ends this process, and the answer is that there is none: a file system in the container may
 * never answer, and then nothing of the engine runs any more.
 */
const patience = 3;

/** True where a word names a path of a container, and none of the node. */
export function isContainerPath(word: string): boolean {
  return /^[^/.~:][^:]*:/.test(word);
}

/**
 * The paths in a container that begin as the word does, as far as its next slash; each with a slash behind it where it is a
 * directory. Those that begin with a dot are offered once that is typed, as shells do.
 */
export function containerPaths(config: Config, records: StoreRecords, word: string): Candidate[] {
  const colon = word.indexOf(":");
  const [name, typed] = [word.slice(0, colon), word.slice(colon + 1) || "/"];
  const container = containerNamed(records, name);
  const layer = container?.record.layer;
  if (container === undefined || !isStorageId(layer)) return [];
  libc().alarm(patience);
  const slash = typed.lastIndexOf("/") + 1;
  const [directory, beginning] = [typed.slice(0, slash), typed.slice(slash)];
  return listFiles(listed(config, records, container, layer), `/${directory}`, beginning, mostNames)
    .filter(({ name: file }) => isShown(file) && (beginning !== "" || !file.startsWith(".")))
    .map(({ name: file, isDirectory }) => ({
      value: `${name}:${directory}${file}${isDirectory ? "/" : ""}`,
      description: isDirectory ? "directory" : "file",
    }))
    .sort((a, b) => (a.value < b.value ? -1 : 1));
}

/** A line of the answer is a name: what would not be one is left out. */
function isShown(name: string): boolean {
  return !/\p{Cc}/u.test(name);
}

function containerNamed(records: StoreRecords, name: string): PersistedContainer | undefined {
  const fitting = nodeObjects(records, "container", name).filter(
    ({ id, names }) => names.includes(name) || (name.length >= 2 && id.startsWith(name)),
  );
  const object = fitting.find(({ names }) => names.includes(name)) ?? fitting[0];
  return records.containers.find(({ record }) => record.id === object?.id);
}

function listed(
  config: Config,
  records: StoreRecords,
  container: PersistedContainer,
  layer: StorageId,
): ListedContainer {
  const { id } = container.record;
  const store = new Store(config);
  const directories = { dir: store.userdataDirectory(id), bundlePath: store.runUserdataDirectory(id) };
  const { pid = 0, initPid = pid, initStartTime } = persistedStateOf(directories)?.state ?? {};
  const runs = initPid > 1 && ["running", "paused", "created"].includes(records.status(container));
  return {
    id,
    layer,
    process: runs ? { pid: initPid, startTime: initStartTime } : undefined,
    layers: () => {
      const parents = new Map(
        readLayers(store.layout, silentLogger).map((record) => [record.id, record.parent]),
      );
      const chain = layerChain(parents, layer);
      // Each layer of vfs is a whole copy.
      const wanted = store.driver.name === "vfs" ? chain.slice(0, 1) : chain;
      return wanted.map((each) => store.driver.diffPath(each));
    },
  };
}
