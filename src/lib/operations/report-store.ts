import { lstatSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { shutdownMarks } from "../crio/shutdown-marks";
import { errorMessage, KpodError, throwIfInterrupted } from "../errors";
import { isStorageId, type StorageId } from "../names/ids";
import { cniCacheDirectory } from "../network/cache";
import { leasesDirectory } from "../network/ranges";
import { stateRoots } from "../oci/runtime/location";
import type { ServerView } from "../server-parts";
import { isRecord, namesInDirectory } from "../system/files";
import { namespaceDirectories } from "./pod-mounts";
import { readWithin, type ReportArchive } from "./report-archive";
import type { SecretMask } from "./secrets";

/** What the credentials for registries are kept in, beside what crio.conf names. */
const usualCredentials = [
  "/run/containers/0/auth.json",
  "/var/lib/kubelet/config.json",
  join(homedir(), ".config/containers/auth.json"),
  join(homedir(), ".docker/config.json"),
];

/**
 * Learns what is secret on this node: the credentials for registries, and what variables of containers hold that are
 * called so.
 * @throws KpodError INTERRUPTED
 */
export async function learnSecrets(
  server: ServerView,
  mask: SecretMask,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { globalAuthFile, pauseImageAuthFile } = server.config;
  const learn = (path: string, place: string): void => {
    try {
      const found = readWithin(path, place);
      if (found !== undefined) mask.jsonFile(found.bytes.toString("utf8"));
    } catch (error) {
      // What cannot be read is told where it is wanted.
      if (!(error instanceof KpodError)) throw error;
    }
  };
  for (const path of [globalAuthFile, pauseImageAuthFile, ...usualCredentials])
    if (path !== "") learn(path, "/");
  for (const id of containerIds(server)) {
    await interruptible(signal);
    const directory = server.store.userdataDirectory(id);
    learn(join(directory, "config.json"), directory);
  }
}

/** The files of records, and which credentials, registries and rules of trust there are. */
export async function addRecords(
  { store, config }: Pick<ServerView, "store" | "config">,
  archive: ReportArchive,
): Promise<void> {
  const { layout } = store;
  const records = [
    ...layout.containersFiles,
    ...layout.layersFiles,
    ...layout.sharedLayersFiles,
    layout.imagesFile,
    ...layout.furtherImagesFiles,
    layout.mountsFile,
  ];
  for (const path of new Set(records)) await archive.addFile(path, "json");
  const { globalAuthFile, pauseImageAuthFile, versionFile, versionFilePersist } = config;
  for (const path of [globalAuthFile, pauseImageAuthFile, ...usualCredentials])
    if (path !== "") await archive.addFile(path, "json");
  const { cleanFile } = shutdownMarks(config);
  for (const path of [versionFile, versionFilePersist, cleanFile, `${cleanFile}.supported`])
    if (path.startsWith("/")) await archive.addFile(path, "text");
  for (const name of ["registries.conf", "policy.json"])
    await archive.addFile(`/etc/containers/${name}`, "text");
  await addDirectory(archive, "/etc/containers/registries.conf.d", "text");
}

/** What is configured of networks, what plugins have set up, and which namespaces are pinned. */
export async function addNetwork(
  { config }: Pick<ServerView, "config">,
  archive: ReportArchive,
): Promise<void> {
  await addDirectory(archive, config.networkDir, "json");
  await addDirectory(archive, cniCacheDirectory, "json", readable);
  for (const name of names(archive, leasesDirectory))
    await addDirectory(archive, join(leasesDirectory, name), "text");
  const pins = Object.values(namespaceDirectories).map((kind) => join(config.namespacesDir, kind));
  for (const directory of [...pins, config.containerExitsDir, config.containerAttachSocketDir])
    await archive.add(`files${directory}.list`, `the names in ${directory}`, "text", () =>
      listing(directory),
    );
}

/** The bytes of a cached attachment, with the network's configuration as it can be read, and so be gone through. */
function readable(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || typeof value.config !== "string") return text;
    return JSON.stringify({ ...value, config: Buffer.from(value.config, "base64").toString("utf8") });
  } catch {
    return text;
  }
}

/** What CRI-O, conmon and the runtimes have written down of each container. */
export async function addContainers(
  server: ServerView,
  archive: ReportArchive,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { store, config } = server;
  const roots = stateRoots(config);
  for (const id of containerIds(server)) {
    await interruptible(signal);
    const [persisted, bundle] = [store.userdataDirectory(id), store.runUserdataDirectory(id)];
    for (const name of ["config.json", "state.json"]) await archive.addFile(join(persisted, name), "json");
    await archive.addFile(join(bundle, "state.json"), "json");
    for (const path of [join(persisted, "exit"), join(bundle, "pidfile"), join(bundle, "conmon-pidfile")])
      await archive.addFile(path, "text");
    for (const directory of [persisted, bundle])
      await archive.add(`files${directory}.list`, `the names in ${directory}`, "text", () =>
        listing(directory),
      );
    for (const root of roots)
      for (const name of ["state.json", "status"]) await archive.addFile(join(root, id, name), "json");
  }
}

/** All containers and pods that have a directory, with a record or without. */
function containerIds({ store }: Pick<ServerView, "store">): StorageId[] {
  const marker = "0".repeat(64) as StorageId;
  const directories = [store.layout.containerDirectory(marker), store.layout.containerRunDirectory(marker)];
  const found = directories.flatMap((path) => {
    try {
      return namesInDirectory(path.slice(0, -marker.length));
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      return [];
    }
  });
  return [...new Set(found.filter(isStorageId))].sort();
}

async function addDirectory(
  archive: ReportArchive,
  directory: string,
  masking: "text" | "json",
  change: (text: string) => string = (text) => text,
): Promise<void> {
  for (const name of names(archive, directory)) {
    const path = join(directory, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) continue;
    await archive.add(`files${path}`, path, masking, () => {
      const found = readWithin(path, directory);
      return found && { ...found, bytes: Buffer.from(change(found.bytes.toString("utf8"))) };
    });
  }
}

function names(archive: ReportArchive, directory: string): string[] {
  try {
    return namesInDirectory(directory).sort();
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    archive.miss(directory, errorMessage(error));
    return [];
  }
}

/** A directory as it lies there: kind, mode, owner, bytes, time, and name of each entry. */
function listing(directory: string): string | undefined {
  const found = namesInDirectory(directory).sort();
  if (found.length === 0) return undefined;
  const lines = found.map((name) => {
    const stat = lstatSync(join(directory, name), { throwIfNoEntry: false });
    if (stat === undefined) return `gone ${JSON.stringify(name)}`;
    const { mode, uid, gid, size, mtime } = stat;
    return `${mode.toString(8)} ${uid}:${gid} ${size} ${mtime.toISOString()} ${JSON.stringify(name)}`;
  });
  return `${lines.join("\n")}\n`;
}

async function interruptible(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  throwIfInterrupted(signal, "collecting the report");
}
