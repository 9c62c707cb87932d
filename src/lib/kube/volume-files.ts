/*
 * The volumes of a pod that was made of a file, on the disk. An emptyDir lies beside the files of its infra container where
 * they last, and so goes with the pod's record, whoever removes that; memory, and what ConfigMaps and Secrets hold, lies in
 * its bundle, which ends with a reboot. Containers get all of them by bind mounts.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fstatSync,
  mkdirSync,
  statSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileError, ifThere, isNotFound, KpodError } from "../errors";
import type { VolumeOption } from "../launch/container-options";
import type { Rollback } from "../launch/rollback";
import { idMappingsOf, idOnNode } from "../launch/user-namespace";
import { isStorageId } from "../names/ids";
import type { IdMappings } from "../oci/spec";
import { podVolumesDirectory, removeSubPaths, subPathsDirectory } from "../operations/pod-mounts";
import type { Sandbox } from "../sandbox/sandbox";
import type { LaunchParts } from "../server-parts";
import { setFileContext } from "../system/extended-attributes";
import { closing, namesInDirectory, removeDirectoryIfEmpty, removeIfThere } from "../system/files";
import { labelOptions, mount, mountFlags } from "../system/mount";
import { makeDirectoryInRoot, openInRoot, pathOfDescriptor } from "../system/open-in-root";
import type { KubeMount } from "./container";
import { textOf, type PodFacts } from "./facts";
import type { HostPathType, KubeVolume, VolumeFile, VolumeSource } from "./volumes";

/** Where the volumes of a pod lie, by name. */
export type VolumePlaces = ReadonlyMap<string, { readonly path: string; readonly source: VolumeSource }>;

/** What must be there at each kind of path. */
const kinds: Readonly<Record<NonNullable<HostPathType>, { is(stat: Stats): boolean; words: string }>> = {
  Directory: { is: (stat) => stat.isDirectory(), words: "directory" },
  DirectoryOrCreate: { is: (stat) => stat.isDirectory(), words: "directory" },
  File: { is: (stat) => stat.isFile(), words: "regular file" },
  FileOrCreate: { is: (stat) => stat.isFile(), words: "regular file" },
  Socket: { is: (stat) => stat.isSocket(), words: "socket" },
  CharDevice: { is: (stat) => stat.isCharacterDevice(), words: "character device" },
  BlockDevice: { is: (stat) => stat.isBlockDevice(), words: "block device" },
};

/** Makes sure that what volumes want of the host is there, or can be made. @throws KpodError BAD_ARGUMENT */
export function checkHostPaths(volumes: readonly KubeVolume[]): void {
  for (const { name, source } of volumes) {
    if (source.kind !== "hostPath") continue;
    const { path, type } = source;
    const stat = lookAt(path);
    if (stat === undefined) {
      if (type === undefined || type.endsWith("OrCreate")) continue;
      throw new KpodError(
        "BAD_ARGUMENT",
        `volume ${name} needs ${path} of type ${type}, and nothing is there`,
      );
    }
    if (type !== undefined && !kinds[type].is(stat)) {
      throw new KpodError(
        "BAD_ARGUMENT",
        `volume ${name} needs ${path} to be a ${kinds[type].words}, which it is not`,
      );
    }
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return ifThere(() => statSync(path));
  } catch (error) {
    throw fileError(`cannot look at ${path}`, error);
  }
}

/** Makes the volumes of a new pod. What of the host was made for it a failure removes. @throws KpodError IO */
export function makeVolumes(
  rollback: Rollback,
  sandbox: Sandbox,
  {
    volumes,
    fsGroup,
    facts,
  }: {
    readonly volumes: readonly KubeVolume[];
    readonly fsGroup: number | undefined;
    readonly facts: PodFacts;
  },
): VolumePlaces {
  const { infraContainer } = sandbox;
  const { linux = {} } = infraContainer.spec;
  const users = idMappingsOf(linux, sandbox.kubeName);
  const given: Given = {
    label: linux.mountLabel ?? "",
    uid: onNode(users?.uids, 0, "user", sandbox),
    gid: onNode(users?.gids, fsGroup ?? 0, "group", sandbox),
    ofGroup: fsGroup !== undefined,
  };
  const { label, uid, gid, ofGroup } = given;
  return new Map(
    volumes.map(({ name, source }) => {
      try {
        return [name, { source, path: makeVolume(name, source) }] as const;
      } catch (error) {
        const what = source.kind === "hostPath" ? `${source.path} of volume ${name}` : `volume ${name}`;
        throw fileError(`cannot make ${what}`, error);
      }
    }),
  );

  function makeVolume(name: string, source: VolumeSource): string {
    switch (source.kind) {
      case "hostPath":
        makeHostPath(rollback, source);
        return source.path;
      case "emptyDir": {
        const path = join(
          source.memory ? infraContainer.bundlePath : infraContainer.dir,
          podVolumesDirectory,
          name,
        );
        mkdirSync(path, { recursive: true });
        if (source.memory) mountMemory(path, source.size, label);
        else setFileContext(path, label);
        chownSync(path, uid, gid);
        // Also past the umask, and after a change of its group.
        chmodSync(path, ofGroup ? 0o2777 : 0o777);
        return path;
      }
      case "files": {
        const path = join(infraContainer.bundlePath, podVolumesDirectory, name);
        makeDirectory(path, given);
        for (const file of source.files) writeVolumeFile(path, file, given, facts);
        return path;
      }
    }
  }
}

function makeHostPath(rollback: Rollback, { path, type }: Extract<VolumeSource, { kind: "hostPath" }>): void {
  if (lookAt(path) !== undefined) return;
  if (type === "FileOrCreate") {
    writeFileSync(path, "", { mode: 0o644, flag: "wx" });
    rollback.add(`remove ${path}`, () => {
      if (lookAt(path)?.size === 0) removeIfThere(path);
    });
    return;
  }
  const first = mkdirSync(path, { recursive: true, mode: 0o755 });
  rollback.add(`remove ${path}`, () => {
    for (let made = path; first !== undefined && made.length >= first.length; made = dirname(made))
      removeDirectoryIfEmpty(made);
  });
}

function mountMemory(path: string, size: number | undefined, label: string): void {
  const data = ["mode=0777", ...(size === undefined ? [] : [`size=${size}`]), ...labelOptions(label)];
  const flags = mountFlags.nosuid | mountFlags.nodev;
  mount({ source: "tmpfs", target: path, type: "tmpfs", flags, data: data.join(",") });
}

/** Whose the files of volumes are, and their label. */
interface Given {
  readonly label: string;
  /** Root of the pod and the group of its volumes, as the node calls them. */
  readonly uid: number;
  readonly gid: number;
  /** True where the group is one that the pod has asked for. */
  readonly ofGroup: boolean;
}

/** @throws KpodError UNSUPPORTED for a group that the pod's users do not have */
function onNode(
  mappings: IdMappings["uids"] | undefined,
  id: number,
  kind: "user" | "group",
  { kubeName }: Sandbox,
): number {
  return mappings === undefined ? id : idOnNode(mappings, id, kind, `what pod ${kubeName} mounts`);
}

function makeDirectory(path: string, { label, uid, gid, ofGroup }: Given): void {
  mkdirSync(path, { recursive: true });
  chownSync(path, uid, gid);
  chmodSync(path, ofGroup ? 0o2775 : 0o755);
  setFileContext(path, label);
}

function writeVolumeFile(
  root: string,
  { path, mode, content }: VolumeFile,
  given: Given,
  facts: PodFacts,
): void {
  const parts = path.split("/");
  for (let length = 1; length < parts.length; length++)
    makeDirectory(join(root, ...parts.slice(0, length)), given);
  const target = join(root, path);
  writeFileSync(target, Buffer.isBuffer(content) ? content : textOf(content, facts), { mode: 0o600 });
  chownSync(target, given.uid, given.gid);
  // Who is of the group can read what its mode lets the owner read.
  chmodSync(target, given.ofGroup ? mode | 0o440 : mode);
  setFileContext(target, given.label);
}

/**
 * The volumes of a container, as it mounts them. A subPath is looked up within its volume, whatever links a container has
 * put there, and what was found is mounted once more, so that it stays what it was.
 * @param expand puts variables into a subPath
 * @throws KpodError BAD_ARGUMENT for a subPath that is not there and cannot be made, IO
 */
export function mountVolumes(
  { config }: Pick<LaunchParts, "config">,
  sandbox: Sandbox,
  places: VolumePlaces,
  {
    container,
    mounts,
    expand,
    rollback,
  }: {
    readonly container: string;
    readonly mounts: readonly KubeMount[];
    readonly expand: (text: string) => string;
    readonly rollback: Rollback;
  },
): VolumeOption[] {
  return mounts.map(({ volume, containerPath, readonly, propagation, subPath, expands }, index) => {
    const place = places.get(volume);
    if (place === undefined) throw new KpodError("BAD_ARGUMENT", `there is no volume ${volume}`);
    const below = expands ? expand(subPath) : subPath;
    const option = { containerPath, readonly, propagation };
    if (below === "") return { ...option, hostPath: place.path };
    if (below.startsWith("/") || below.split("/").includes(".."))
      throw new KpodError(
        "BAD_ARGUMENT",
        `subPath ${JSON.stringify(below)} of volume ${volume} leads out of it`,
      );
    const target = join(subPathsDirectory(config, sandbox.id), `${container}-${index}`);
    try {
      if (place.source.kind !== "files") makeSubPath(rollback, place.path, below);
      bindSubPath(place.path, below, target);
    } catch (error) {
      throw fileError(`cannot mount ${below} of volume ${volume}`, error);
    }
    return { ...option, hostPath: target };
  });
}

function bindSubPath(root: string, below: string, target: string): void {
  const found = openInRoot(root, below);
  try {
    if (fstatSync(found).isDirectory()) mkdirSync(target, { recursive: true, mode: 0o700 });
    else {
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      writeFileSync(target, "", { mode: 0o600, flag: "wx" });
    }
    mount({ source: pathOfDescriptor(found), target, flags: mountFlags.bind | mountFlags.recursive });
  } finally {
    closeSync(found);
  }
}

/** Makes a subPath that is not there, as the kubelet does. What was made for it a failure removes. */
function makeSubPath(rollback: Rollback, root: string, below: string): void {
  const parts = below.split("/");
  const missing = parts
    .map((_, index) => parts.slice(0, index + 1).join("/"))
    .filter((path) => isMissing(root, path));
  if (missing.length === 0) return;
  // Who can write into the volume can write there, too.
  makeDirectoryInRoot(root, below, statSync(root).mode & 0o777);
  rollback.add(`remove ${below} from ${root}`, () => {
    for (const path of missing.reverse()) {
      // By now a container may have put anything there.
      ifThere(() => {
        closing(openInRoot(root, dirname(path)), (parent) => {
          removeDirectoryIfEmpty(join(pathOfDescriptor(parent), basename(path)));
        });
      });
    }
  });
}

function isMissing(root: string, path: string): boolean {
  try {
    closeSync(openInRoot(root, path));
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

/**
 * Reads the records, and removes the parts of volumes that were mounted for pods which somebody else has removed, as CRI-O
 * does, who knows nothing of them.
 */
export async function updateAndTidy(server: Pick<LaunchParts, "config" | "lists" | "update">): Promise<void> {
  const { config, lists } = server;
  // A pod is recorded before anything is mounted for it.
  const named = namesInDirectory(dirname(subPathsDirectory(config, "any"))).filter(isStorageId);
  await server.update();
  for (const id of named) if (lists.getSandbox(id) === undefined) removeSubPaths(config, id);
}
