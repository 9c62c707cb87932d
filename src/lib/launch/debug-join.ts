import { closeSync, constants, openSync, readlinkSync } from "node:fs";
import { errnoOf, fileError, ifThere, isNotFound, KpodError } from "../errors";
import type { IdMappings, SpecIdMapping, SpecNamespace } from "../oci/spec";
import type { FirstProcess } from "../operations/first-process";
import { readProcessMap } from "../operations/id-maps";
import { openProcessRoot } from "../operations/process-root";
import { isAlive } from "../system/process";
import { identifyProcess } from "../system/process-identity";

/** What a process of its own in the place of a container's is joined to. */
export interface Joined {
  /** Those that are not the node's. They are named by descriptors of this process: a pid may be somebody else's by now. */
  readonly namespaces: readonly SpecNamespace[];
  /** Of the user namespace; undefined where that is the node's. */
  readonly idMappings: IdMappings | undefined;
  /** Its file system with all that is mounted in it, by descriptors for `cloneMounts`. */
  readonly mounts: { readonly namespace: number; readonly root: number };
  readonly close: () => void;
}

/** What a runtime joins, by its words and those of /proc/PID/ns. */
const kinds = { user: "user", pid: "pid", network: "net", ipc: "ipc", uts: "uts", cgroup: "cgroup" } as const;

/**
 * Opens the namespaces of a container's process, and its file system.
 * @returns undefined where the process has ended
 * @throws KpodError BAD_STATE where it has no file system of its own; UNSUPPORTED; NOT_PERMITTED, IO
 */
export function openJoined(process: FirstProcess, id: string): Joined | undefined {
  const opened: number[] = [];
  let closeRoot = (): void => {};
  const close = (): void => {
    closeRoot();
    for (const fd of opened.splice(0)) closeSync(fd);
  };
  try {
    const known = process.startTime === undefined ? identifyProcess(process.pid) : process;
    if (known === undefined) return undefined;
    const found = openProcessRoot(known, id);
    if (found === undefined) return undefined;
    closeRoot = found.close;
    const namespaces = openNamespaces(process.pid, opened);
    const idMappings = namespaces.some(({ type }) => type === "user") ? readIdMaps(process.pid) : undefined;
    const namespace = openSync(`/proc/${process.pid}/ns/mnt`, constants.O_RDONLY);
    opened.push(namespace);
    // Looked at last: what was opened is the container's only if its process is still the same.
    if (isAlive(known)) return { namespaces, idMappings, mounts: { namespace, root: found.fd }, close };
    close();
    return undefined;
  } catch (error) {
    close();
    if (isNotFound(error) || errnoOf(error) === "ESRCH") return undefined;
    throw fileError(`cannot join container ${id}`, error);
  }
}

function openNamespaces(pid: number, opened: number[]): SpecNamespace[] {
  return (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((type) => {
    const link = (of: number | "self"): string | undefined =>
      ifThere(() => readlinkSync(`/proc/${of}/ns/${kinds[type]}`));
    const wanted = link(pid);
    if (wanted === undefined || wanted === link("self")) return [];
    const fd = openSync(`/proc/${pid}/ns/${kinds[type]}`, constants.O_RDONLY);
    opened.push(fd);
    return [{ type, path: `/proc/${process.pid}/fd/${fd}` }];
  });
}

function readIdMaps(pid: number): IdMappings {
  return { uids: readIdMap(pid, "uid_map"), gids: readIdMap(pid, "gid_map") };
}

function readIdMap(pid: number, file: "uid_map" | "gid_map"): SpecIdMapping[] {
  const ranges = readProcessMap(pid, file);
  if (ranges.length > 0)
    return ranges.map(({ container, host, size }) => ({ containerID: container, hostID: host, size }));
  throw new KpodError("BAD_STATE", `process ${pid} has a user namespace without users`);
}
