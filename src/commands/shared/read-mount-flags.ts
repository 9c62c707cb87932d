import { UsageError } from "../../shell/errors";
import type { FlagValues } from "../../shell/flags";
import type { ContainerOptions, TmpfsOption, VolumeOption } from "../../lib/launch/container-options";
import type { containerFlags } from "./container-flags";
import { sizeLimit } from "./resource-flags";

type MountFlags = Pick<FlagValues<typeof containerFlags>, "volume" | "mount" | "tmpfs">;

/** What is to be mounted into a new container. @throws UsageError */
export function readMounts(flags: MountFlags): Pick<ContainerOptions, "volumes" | "tmpfs"> {
  const mounts = flags.mount.map(readMount);
  return {
    volumes: [...flags.volume.map(readVolume), ...mounts.filter((mount) => "hostPath" in mount)],
    tmpfs: [...flags.tmpfs.map(readTmpfs), ...mounts.filter((mount) => !("hostPath" in mount))],
  };
}

function readVolume(text: string): VolumeOption {
  const [hostPath = "", containerPath = "", access = "rw", ...rest] = text.split(":");
  if (hostPath === "" || containerPath === "" || rest.length > 0 || (access !== "ro" && access !== "rw")) {
    throw new UsageError(`option --volume: ${JSON.stringify(text)} is not HOST:CTR or HOST:CTR:ro`);
  }
  return { hostPath, containerPath, readonly: access === "ro" };
}

function readTmpfs(text: string): TmpfsOption {
  const [containerPath = "", list = "", ...rest] = text.split(":");
  if (!containerPath.startsWith("/") || rest.length > 0)
    throw new UsageError(`option --tmpfs: ${JSON.stringify(text)} is not /PATH or /PATH:OPTIONS`);
  const options = list === "" ? [] : list.split(",");
  return { containerPath, options: options.map((option) => tmpfsOption(option, text)) };
}

/** What a file system in memory understands; all else the runtime would hand on to the kernel, which says "invalid argument". */
const tmpfsForm =
  /^(ro|rw|(no)?(exec|suid|dev|atime|diratime|relatime|swap)|strictatime|sync|async|tmpcopyup|mode=[0-7]{1,5}|(uid|gid)=\d{1,9}|(size|nr_blocks|nr_inodes)=\d{1,15}[kmg%]?)$/i;

function tmpfsOption(option: string, text: string): string {
  if (tmpfsForm.test(option)) return option;
  throw new UsageError(
    `option --tmpfs: ${JSON.stringify(text)} has ${JSON.stringify(option)}, which is no option of tmpfs`,
  );
}

/** The keys of a mount, by all the names that docker and podman have for them. */
const mountKeys: Readonly<Record<string, string>> = {
  type: "type",
  src: "src",
  source: "src",
  dst: "dst",
  dest: "dst",
  destination: "dst",
  target: "dst",
  ro: "ro",
  readonly: "ro",
  "bind-propagation": "propagation",
  "tmpfs-size": "size",
  "tmpfs-mode": "mode",
};

const propagations = ["rprivate", "rslave", "rshared"] as const;

function readMount(text: string): VolumeOption | TmpfsOption {
  const bad = (why: string): UsageError => new UsageError(`option --mount: ${JSON.stringify(text)} ${why}`);
  const values = new Map<string, string>();
  for (const part of text.split(",")) {
    const [word = "", ...value] = part.split("=");
    const key = Object.hasOwn(mountKeys, word) ? mountKeys[word] : undefined;
    if (key === undefined) throw bad(`has ${JSON.stringify(word)}, which is no key of a mount`);
    values.set(key, value.length === 0 ? "true" : value.join("="));
  }
  const containerPath = values.get("dst") ?? "";
  if (!containerPath.startsWith("/")) throw bad("needs dst=PATH, an absolute one in the container");
  const allow = (...keys: readonly string[]): void => {
    const other = [...values.keys()].find((key) => !["type", "dst", "ro", ...keys].includes(key));
    if (other !== undefined) throw bad(`has ${other}, which a mount of this type cannot have`);
  };
  const access = values.get("ro") ?? "false";
  if (!["true", "false"].includes(access)) throw bad("has ro that is neither true nor false");
  const readonly = access === "true";
  switch (values.get("type")) {
    case "bind": {
      allow("src", "propagation");
      const hostPath = values.get("src") ?? "";
      if (hostPath === "") throw bad("needs src=PATH, one of the host");
      const wanted = values.get("propagation");
      const propagation = propagations.find((known) => known === wanted);
      if (wanted !== undefined && propagation === undefined)
        throw bad(`has bind-propagation that is none of ${propagations.join(", ")}`);
      return { hostPath, containerPath, readonly, ...(propagation === undefined ? {} : { propagation }) };
    }
    case "tmpfs": {
      allow("size", "mode");
      const size = sizeLimit("mount tmpfs-size", values.get("size"));
      const mode = values.get("mode");
      if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode))
        throw bad("has tmpfs-mode that is no octal number");
      return {
        containerPath,
        options: [
          ...(readonly ? ["ro"] : []),
          ...(size === undefined || size === -1 ? [] : [`size=${size}`]),
          ...(mode === undefined ? [] : [`mode=${mode}`]),
        ],
      };
    }
    default:
      throw bad("needs type=bind or type=tmpfs: there are no volumes with names");
  }
}
