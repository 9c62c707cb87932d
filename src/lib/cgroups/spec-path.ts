import { basename } from "node:path";
import type { Config } from "../config";
import { KpodError } from "../errors";

/** The cgroup below which kpod puts containers of a pod that names none, as CRI-O does. */
const defaultParent = "/crio";

/**
 * The parent of a new pod's cgroups as the node's cgroup manager takes it: a slice for systemd, of whose path the last
 * part is its name, and any path for cgroupfs, as CRI-O has it.
 * @param parent "" for the default
 * @throws KpodError BAD_ARGUMENT for what is of the other manager
 */
export function checkCgroupParent({ cgroupManager }: Pick<Config, "cgroupManager">, parent: string): string {
  if (parent === "") return parent;
  const isSlice = basename(parent).endsWith(".slice");
  if (cgroupManager === "systemd") {
    if (isSlice) return basename(parent);
    throw new KpodError("BAD_ARGUMENT", `the cgroup manager is systemd, and ${parent} is no slice`, {
      hint: "name one as system.slice, which systemd makes where it is not there",
    });
  }
  if (!isSlice) return parent;
  throw new KpodError("BAD_ARGUMENT", `the cgroup manager is cgroupfs, and ${parent} is a slice of systemd`, {
    hint: "name a path as /pods",
  });
}

/**
 * The cgroupsPath of a container's spec, as CRI-O words it for its cgroup manager.
 * @param parent the pod's cgroup (cgroupfs) or slice (systemd); "" for the default
 */
export function cgroupsPath(config: Pick<Config, "cgroupManager">, parent: string, id: string): string {
  if (config.cgroupManager === "systemd") return `${parent === "" ? "system.slice" : parent}:crio:${id}`;
  return `${parent === "" ? defaultParent : parent}/crio-${id}`;
}

/** The cgroup of a container's conmon with the cgroupfs manager. */
export function conmonCgroup(parent: string, id: string): string {
  return `${parent === "" ? defaultParent : parent}/crio-conmon-${id}`;
}

/**
 * The cgroup of a container as its spec asks for it, as a path below the hierarchies' roots.
 * @param cgroupsPath `linux.cgroupsPath` of the spec: a path (cgroupfs), or `SLICE:PREFIX:NAME` (systemd)
 */
export function specCgroupPath(cgroupsPath: string): string {
  const [slice = "", prefix = "", name, ...rest] = cgroupsPath.split(":");
  if (name === undefined || rest.length > 0 || slice.includes("/")) return cgroupsPath;
  return `${slicePath(slice)}/${prefix}-${name}.scope`;
}

/** A slice lies in the slices that its name is made of: `a-b.slice` is `/a.slice/a-b.slice` (systemd.slice(5)). */
function slicePath(slice: string): string {
  const parts = slice.replace(/\.slice$/, "").split("-");
  // "-.slice" is the root.
  if (parts.every((part) => part === "")) return "";
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("-")}.slice`).join("");
}
