import { lstatSync, realpathSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Config } from "../config";
import { tolerate } from "../errors";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import type { UnmountOptions } from "../storage/mount-points";
import { namesInDirectory, removeDirectoryIfEmpty, removeIfThere } from "../system/files";
import { readMounts, stopSharing, unmount, unmountUnused } from "../system/mount";
import { removeTree } from "../system/remove-tree";
import { unmountBelow } from "../system/unmount-below";
import type { PinnedNamespaceType } from "../system/pinned-namespaces";

/** The kinds of namespaces that the containers of a pod may share; CRI-O pins all of them, kpod makes the first three. */
export type SharedNamespaceType = PinnedNamespaceType | "user" | "pid";

/** Directories below CRI-O's namespaces_dir, by kind. */
export const namespaceDirectories: Record<SharedNamespaceType, string> = {
  ipc: "ipcns",
  network: "netns",
  uts: "utsns",
  user: "userns",
  pid: "pidns",
};

const allTypes = Object.keys(namespaceDirectories) as SharedNamespaceType[];

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Unpins the namespaces of a pod: those that its spec names, and those beside them, since CRI-O pins all of one pod
 * under one uuid and kpod under the pod's uid, which is known also where a launch broke off and left no spec. What is
 * not there is fine, and what another pod or container of the store names stays: a spec is only data.
 * @param types which kinds; all by default
 * @param options.busy false has one stay that somebody uses: BAD_STATE
 */
export function unpinPod(
  server: Pick<ServerView, "config" | "lists">,
  sandbox: Sandbox,
  types: readonly SharedNamespaceType[] = allTypes,
  options: UnmountOptions = {},
): void {
  const own = new Set([sandbox.infraContainer, ...sandbox.containers()]);
  const pins = podPins(server, sandbox).filter(({ type }) => types.includes(type));
  unpin(server, pins, own, options);
}

/** Unpins all namespaces of a pod that has ended, and unmounts its /dev/shm and its volumes. */
export function unmountPod(
  server: Pick<ServerView, "config" | "lists">,
  sandbox: Sandbox,
  options: UnmountOptions = {},
): void {
  unpinPod(server, sandbox, allTypes, options);
  unmountShm(sandbox, options);
  unmountVolumes(server, sandbox);
}

/** The directory of the volumes of a pod that was made of a file of Kubernetes, in each of the two of its infra container. */
export const podVolumesDirectory = "kpod-volumes";

/**
 * Where parts of volumes are mounted that containers of a pod have by a subPath. It lies beside the store's directories: what
 * is mounted here may be of the host, and a CRI-O that removes the pod deletes what it finds in its directories.
 */
export function subPathsDirectory({ runRoot }: Pick<Config, "runRoot">, podId: string): string {
  return join(runRoot, "kpod", "subpaths", podId);
}

/** Unmounts what of a pod's volumes is in memory, or shown a second time. */
export function unmountVolumes({ config }: Pick<ServerView, "config">, sandbox: Sandbox): void {
  const directory = join(sandbox.infraContainer.bundlePath, podVolumesDirectory);
  if (statOf(directory)?.isDirectory() === true) unmountBelow(directory);
  removeSubPaths(config, sandbox.id);
}

/** Unmounts the parts of volumes of a pod, and removes where they were mounted. */
export function removeSubPaths(config: Pick<Config, "runRoot">, podId: string): void {
  const directory = subPathsDirectory(config, podId);
  if (statOf(directory) === undefined) return;
  // Where the host shares its mounts, what is unmounted below a part of a volume would be unmounted in the volume, too.
  for (const name of namesInDirectory(directory)) stopSharing(join(directory, name));
  // It deletes nothing of what is mounted there.
  removeTree(directory);
  removeDirectoryIfEmpty(dirname(directory));
  removeDirectoryIfEmpty(dirname(dirname(directory)));
}

/** Only the pod's own: one that uses the host's names the host's directory. */
export function unmountShm({ infraContainer }: Sandbox, options: UnmountOptions = {}): void {
  unmountOne(join(infraContainer.bundlePath, "shm"), options);
}

function unmountOne(target: string, { busy = true }: UnmountOptions): boolean {
  return busy ? unmount(target) : unmountUnused(target);
}

/**
 * Unpins the pid namespace that only this container's spec names: CRI-O pins one for a container that joins that of
 * another (target). The pod's own stays.
 * @throws KpodError CORRUPT, IO when the records cannot be read, which tell what others name
 */
export async function unpinContainer(
  server: Pick<ServerView, "config" | "lists" | "updateRecords">,
  container: Container,
  options: UnmountOptions = {},
): Promise<void> {
  const pins = specPins(container).filter(({ type, path }) => type === "pid" && statOf(path) !== undefined);
  if (pins.length === 0) return;
  // The lists may hold only what somebody has asked for.
  await server.updateRecords();
  unpin(server, pins, new Set([container]), options);
}

/** A file on which a namespace is pinned, if what names it is right. */
interface Pin {
  readonly type: SharedNamespaceType;
  readonly path: string;
}

function unpin(
  server: Pick<ServerView, "config" | "lists">,
  pins: readonly Pin[],
  own: ReadonlySet<Container>,
  options: UnmountOptions,
): void {
  const there = pins.filter(({ path }) => statOf(path) !== undefined);
  if (there.length === 0) return;
  const pinned = new Set(readMounts().flatMap(({ type, target }) => (type === "nsfs" ? [target] : [])));
  const foreign = pinsOfOthers(server, own);
  const directories = new Set(allTypes.map((type) => realPathOf(directoryOf(server, type))));
  for (const { path } of there) {
    const target = realPathOf(path);
    if (foreign.has(target)) continue;
    const isPinned = pinned.has(target);
    // CRI-O, or a kpod that was killed, may have come to unmount it and no further.
    const isLeftover = directories.has(dirname(target)) && uuid.test(basename(target)) && isEmptyFile(target);
    if (!isPinned && !isLeftover) continue;
    if (isPinned) while (unmountOne(target, options));
    removeIfThere(target);
    // CRI-O 1.0 names network namespaces by links that tell of the pod.
    if (statOf(path)?.isSymbolicLink() === true) removeIfThere(path);
  }
}

/** What the pods and containers of the store name but for those that are meant. */
function pinsOfOthers(
  server: Pick<ServerView, "config" | "lists">,
  own: ReadonlySet<Container>,
): Set<string> {
  const sandboxes = server.lists.listSandboxes();
  const pods = sandboxes.filter(({ infraContainer }) => !own.has(infraContainer));
  const members = sandboxes.flatMap((sandbox) => sandbox.containers()).filter((member) => !own.has(member));
  const pins = [...pods.flatMap((pod) => podPins(server, pod)), ...members.flatMap(specPins)];
  return new Set(pins.map(({ path }) => realPathOf(path)));
}

function podPins(server: Pick<ServerView, "config" | "lists">, { infraContainer, uid }: Sandbox): Pin[] {
  const named = specPins(infraContainer);
  const directories = new Map(allTypes.map((type) => [realPathOf(directoryOf(server, type)), type]));
  const beside = named
    .filter(({ path }) => directories.has(realPathOf(dirname(path))))
    .map(({ path }) => basename(path));
  const names = [...new Set([...beside, uid])].filter((name) => uuid.test(name));
  const siblings = names.flatMap((name) =>
    allTypes.map((type) => ({ type, path: join(directoryOf(server, type), name) })),
  );
  const known = new Set(named.map(({ path }) => realPathOf(path)));
  return [...named, ...siblings.filter(({ path }) => !known.has(realPathOf(path)))];
}

/** Namespaces of processes need no unpinning. */
function specPins(container: Container): Pin[] {
  return namespacesIn(container).flatMap(({ type, path = "" }) => {
    const kind = allTypes.find((known) => known === type);
    return kind === undefined || !path.startsWith("/") || path.startsWith("/proc/")
      ? []
      : [{ type: kind, path }];
  });
}

function namespacesIn(container: Container): readonly { type: string; path?: string }[] {
  // Its spec is lost, or was not written yet.
  return tolerate([], () => {
    const { namespaces } = container.spec.linux ?? {};
    return Array.isArray(namespaces) ? namespaces : [];
  });
}

function directoryOf({ config }: Pick<ServerView, "config">, type: SharedNamespaceType): string {
  return join(config.namespacesDir, namespaceDirectories[type]);
}

function isEmptyFile(path: string): boolean {
  const stat = statOf(path);
  return stat?.isFile() === true && stat.size === 0;
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** A path as the kernel lists its mounts; one that is not there below its directory's. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPathOf(parent), basename(path));
  }
}
