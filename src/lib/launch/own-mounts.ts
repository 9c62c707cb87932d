import { realpathSync } from "node:fs";
import { describeErrno, KpodError } from "../errors";
import type { SpecMount } from "../oci/spec";
import { absolutePath } from "../system/paths";
import type { ContainerOptions, TmpfsOption, VolumeOption } from "./container-options";

/** What a user mounts into a container. */
export interface OwnMounts {
  readonly volumes: readonly VolumeOption[];
  readonly mounts: readonly SpecMount[];
  /** What of later mounts on the node the container's root must share for its volumes to see them. */
  readonly rootPropagation: "rslave" | "rshared" | undefined;
}

/** @throws KpodError BAD_ARGUMENT for a source that is not there, and for two mounts at one place */
export function planOwnMounts({
  volumes: wanted = [],
  tmpfs = [],
}: Pick<ContainerOptions, "volumes" | "tmpfs">): OwnMounts {
  const volumes = wanted.map(checkVolume);
  const mounts = [...volumes.map(volumeMount), ...tmpfs.map(tmpfsMount)];
  const places = mounts.map(({ destination }) => destination);
  const taken = places.find((place, index) => places.indexOf(place) !== index);
  if (taken !== undefined)
    throw new KpodError("BAD_ARGUMENT", `two mounts are to be at ${taken} of the container`);
  const kinds = volumes.map(({ propagation }) => propagation);
  return {
    volumes,
    mounts,
    rootPropagation: (["rshared", "rslave"] as const).find((kind) => kinds.includes(kind)),
  };
}

function checkVolume(volume: VolumeOption): VolumeOption {
  checkPlace("volume", volume.containerPath);
  try {
    return { ...volume, hostPath: realpathSync(absolutePath("the volume", volume.hostPath)) };
  } catch (error) {
    if (error instanceof KpodError) throw error;
    throw new KpodError("BAD_ARGUMENT", `cannot mount ${volume.hostPath}: ${describeErrno(error)}`, {
      cause: error,
    });
  }
}

function checkPlace(kind: string, path: string): void {
  if (path.startsWith("/") && !path.includes("\0")) return;
  throw new KpodError("BAD_ARGUMENT", `${kind} path ${path} in the container is not absolute`);
}

function volumeMount({
  hostPath,
  containerPath,
  readonly,
  propagation = "rprivate",
}: VolumeOption): SpecMount {
  return {
    destination: containerPath,
    type: "bind",
    source: hostPath,
    options: ["rbind", propagation, readonly ? "ro" : "rw", "bind"],
  };
}

/** What the options of a file system in memory are unless a user says the contrary: each with that. */
const usualOptions: readonly (readonly [string, string])[] = [
  ["rw", "ro"],
  ["noexec", "exec"],
  ["nosuid", "suid"],
  ["nodev", "dev"],
];

function tmpfsMount({ containerPath, options = [] }: TmpfsOption): SpecMount {
  checkPlace("tmpfs", containerPath);
  const usual = usualOptions.flatMap(([option, contrary]) =>
    options.includes(contrary) || options.includes(option) ? [] : [option],
  );
  return { destination: containerPath, type: "tmpfs", source: "tmpfs", options: [...usual, ...options] };
}
