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
