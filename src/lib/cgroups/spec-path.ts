import type { Config } from "../config";

/** The cgroup below which kpod puts containers of a pod that names none, as CRI-O does. */
const defaultParent = "/crio";

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
