import type { Stats } from "node:fs";
import { chmod, lchown, lstat, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileError, KpodError } from "../errors";
import type { IdMappings, SpecIdMapping, SpecLinux } from "../oci/spec";
import type { IdMap, IdMaps } from "../storage/store";
import { getFileCapabilities, setFileCapabilities } from "../system/extended-attributes";
import { isRecord } from "../system/files";

/**
 * The mappings of a pod's user namespace; undefined for a pod that has none.
 * @throws KpodError UNSUPPORTED where the spec does not tell both the namespace and its mappings
 */
export function idMappingsOf(linux: SpecLinux, podName: string): IdMappings | undefined {
  const { namespaces = [], uidMappings, gidMappings } = linux;
  const isNamed = namespaces.some(({ type }) => type === "user");
  const uids = readMappings(uidMappings);
  const gids = readMappings(gidMappings);
  if (!isNamed && uids?.length === 0 && gids?.length === 0) return undefined;
  if (isNamed && uids !== undefined && uids.length > 0 && gids !== undefined && gids.length > 0)
    return { uids, gids };
  throw new KpodError(
    "UNSUPPORTED",
    `pod ${podName} has a user namespace, of which its spec does not tell enough: kpod makes no containers in it, they would be root on the node`,
    { hint: "make another pod" },
  );
}

/** @returns undefined for what is no list of mappings */
function readMappings(value: unknown): SpecIdMapping[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return undefined;
  const mappings = value.filter(isMapping);
  return mappings.length === value.length ? mappings : undefined;
}

function isMapping(value: unknown): value is SpecIdMapping {
  if (!isRecord(value)) return false;
  const { containerID = 0, hostID = 0, size } = value;
  return [containerID, hostID, size].every(isId) && size !== 0;
}

function isId(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32;
}

/** The mappings as records of the store have them. */
export function mapsForStore(mappings: IdMappings | undefined): IdMaps | undefined {
  if (mappings === undefined) return undefined;
  const inStore = ({ containerID = 0, hostID = 0, size }: SpecIdMapping): IdMap => ({
    container_id: containerID,
    host_id: hostID,
    size,
  });
  return { uidmap: mappings.uids.map(inStore), gidmap: mappings.gids.map(inStore) };
}

/**
 * Gives the files of a new container to the users of its namespace, as containers/storage does where the kernel cannot
 * map them itself: all of them are copied into the container's own layer. Bits of setuid and capabilities stay. Nothing
 * of the container may run yet.
 * @param trees its mounted root file system, and the directories beside it that are its own
 * @throws KpodError UNSUPPORTED when a file belongs to somebody who is not in the namespace; IO where there is no room
 * for the copies; INTERRUPTED
 */
export async function giveToNamespace(
  trees: readonly string[],
  mappings: IdMappings,
  signal?: AbortSignal,
): Promise<void> {
  // A file of several names may come by again, given already.
  const given = new Map<string, string>();
  for (const path of trees) await giveTree(path);

  async function giveTree(path: string): Promise<void> {
    if (signal?.aborted === true) {
      throw new KpodError(
        "INTERRUPTED",
        "interrupted while the files were given to the pod's user namespace",
      );
    }
    try {
      const status = await lstat(path);
      await give(path, status);
      if (!status.isDirectory()) return;
      for (const name of await readdir(path)) await giveTree(join(path, name));
    } catch (error) {
      throw fileError(`cannot give ${path} to the user namespace of the pod`, error);
    }
  }

  async function give(path: string, status: Stats): Promise<void> {
    const inode = `${status.dev}:${status.ino}`;
    const isFile = status.isFile();
    if (status.nlink > 1 && isFile && given.get(inode) === `${status.uid}:${status.gid}`) return;
    const uid = idOnNode(mappings.uids, status.uid, "user", path);
    const gid = idOnNode(mappings.gids, status.gid, "group", path);
    const capabilities = isFile ? getFileCapabilities(path) : undefined;
    await lchown(path, uid, gid);
    // The kernel takes both from what gets another owner.
    if (isFile && (status.mode & 0o6000) !== 0) await chmod(path, status.mode & 0o7777);
    if (capabilities !== undefined) setFileCapabilities(path, capabilities);
    if (status.nlink > 1 && isFile) given.set(inode, `${uid}:${gid}`);
  }
}

/**
 * How the node calls a user or a group of a user namespace.
 * @param whose what belongs to it, for the message
 * @throws KpodError UNSUPPORTED for one that the namespace does not have
 */
export function idOnNode(
  mappings: readonly SpecIdMapping[],
  id: number,
  kind: "user" | "group",
  whose: string,
): number {
  for (const { containerID = 0, hostID = 0, size } of mappings) {
    if (id >= containerID && id < containerID + size) return hostID + id - containerID;
  }
  throw new KpodError(
    "UNSUPPORTED",
    `${whose} belongs to ${kind} ${id}, which the user namespace of the pod does not have`,
    { hint: "use another image or another pod" },
  );
}

/**
 * Lets others than the node's root pass through the directory of a container's layer, as CRI-O does: the runtime
 * goes to the root file system as a user of the namespace.
 * @param layerId by which its own directory is told from one of all layers
 * @throws KpodError UNSUPPORTED where it could not come as far as that
 */
export async function openWay(rootPath: string, layerId: string): Promise<void> {
  let above = dirname(rootPath);
  if (basename(above) === layerId) {
    await chmod(above, ((await stat(above)).mode & 0o7777) | 0o011);
    above = dirname(above);
  }
  const closed: string[] = [];
  for (let path = above; path !== dirname(path); path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) === 0) closed.unshift(path);
  }
  if (closed.length === 0) return;
  throw new KpodError(
    "UNSUPPORTED",
    `the users of the pod's user namespace cannot pass through ${closed.join(", ")}`,
    { hint: `use chmod o+x ${closed.join(" ")}` },
  );
}
