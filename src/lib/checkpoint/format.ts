/*
 * What an archive of a checkpoint holds, as the kubelet, CRI-O and checkpointctl have it (checkpointctl's lib/metadata.go,
 * CRI-O's internal/lib/checkpoint.go).
 */
import { KpodError } from "../errors";
import { isStorageId } from "../names/ids";
import { annotations } from "../oci/annotations";
import { isRecord } from "../system/files";
import { readTime, textOf, zeroTime } from "../system/go-json";

/** The members of an archive, which are files of the same names in a container's directory. */
export const members = {
  /** What criu wrote: a directory. */
  images: "checkpoint",
  config: "config.dump",
  spec: "spec.dump",
  bindMounts: "bind.mounts",
  rootDiff: "rootfs-diff.tar",
  deletedFiles: "deleted.files",
  networkStatus: "network.status",
  /** The logs of criu. */
  dumpLog: "dump.log",
  restoreLog: "restore.log",
  stats: "stats-dump",
  restoreStats: "stats-restore",
  /** The log of the container. */
  log: annotations.logPath,
} as const;

/** The file without which no images of criu are a checkpoint. */
export const inventory = "inventory.img";

/** What is known of a container that was checkpointed, beyond its spec. */
export interface CheckpointConfig {
  readonly id: string;
  /** Full name, `k8s_CTR_POD_NS_UID_ATTEMPT`. */
  readonly name: string;
  /** Its image: as it was asked for, by its id, and by a name that it has. */
  readonly rootfsImage: string;
  readonly rootfsImageRef: string;
  readonly rootfsImageName: string;
  /** The handler of its runtime. */
  readonly runtime: string;
  readonly createdTime: Date | undefined;
  readonly checkpointedTime: Date | undefined;
}

/** The text of a config.dump. */
export function formatConfig(config: CheckpointConfig): string {
  return formatMember({
    ...config,
    createdTime: config.createdTime?.toISOString() ?? zeroTime,
    checkpointedTime: config.checkpointedTime?.toISOString() ?? zeroTime,
    restoredTime: zeroTime,
    restored: false,
  });
}

/** Reads a config.dump. @throws KpodError CORRUPT */
export function readConfig(value: unknown): CheckpointConfig {
  if (!isRecord(value)) throw damaged(`its ${members.config} is no object`);
  const config = {
    id: textOf(value.id),
    name: textOf(value.name),
    rootfsImage: textOf(value.rootfsImage),
    rootfsImageRef: textOf(value.rootfsImageRef),
    rootfsImageName: textOf(value.rootfsImageName),
    runtime: textOf(value.runtime),
    createdTime: readTime(value.createdTime),
    checkpointedTime: readTime(value.checkpointedTime),
  };
  // It is looked for in paths of the mounts.
  if (!isStorageId(config.id)) throw damaged(`its ${members.config} names no id of a container`);
  return config;
}

/** Something of the node that was mounted in the container. */
export interface BindMount {
  readonly source: string;
  readonly destination: string;
  readonly file_type: "directory" | "file";
  /** Of the source, as chmod(2) has them. */
  readonly permissions: number;
}

/** Reads a bind.mounts: what is no mount is left out. */
export function readBindMounts(value: unknown): BindMount[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map(({ source, destination, file_type, permissions }) => ({
    ...{ source: textOf(source), destination: textOf(destination) },
    file_type: file_type === "file" ? "file" : "directory",
    permissions: typeof permissions === "number" ? permissions & 0o777 : 0o755,
  }));
}

/** Reads a deleted.files: paths from the root of the container. @throws KpodError CORRUPT */
export function readDeletedFiles(value: unknown): string[] {
  if (value === null) return [];
  if (Array.isArray(value) && value.every((path): path is string => typeof path === "string")) return value;
  throw damaged(`its ${members.deletedFiles} is no list of paths`);
}

/** The text of a member of JSON. */
export function formatMember(value: unknown): string {
  return JSON.stringify(value, undefined, 1);
}

/** The error for an archive that does not hold what it must. */
export function damaged(why: string): KpodError {
  return new KpodError("CORRUPT", `the checkpoint is damaged: ${why}`, {
    hint: "make the checkpoint again, or take another copy of the archive",
  });
}
