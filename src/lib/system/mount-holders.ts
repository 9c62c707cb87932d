import { ifThere } from "../errors";
import { readMounts, realPath } from "./mount";
import { mountNamespaceOf } from "./namespaces";
import {
  openFileLinks,
  processIds,
  processLink,
  readCommandName,
  readProcessCgroup,
  readProcessList,
} from "./process";

/** A process that keeps a file system mounted. */
export interface MountHolder {
  readonly pid: number;
  /** The name of its program, as it calls itself. */
  readonly name: string;
  /** The unit of systemd that it belongs to; "" for none. */
  readonly unit: string;
}

/**
 * Finds a process of another mount namespace in which something is mounted at a path; of several the one of CRI-O, else that
 * with the lowest pid.
 */
export function holderElsewhere(path: string): MountHolder | undefined {
  const target = realPath(path);
  const looked = new Set([mountNamespaceOf("self")]);
  const holders: MountHolder[] = [];
  for (const pid of processes()) {
    const namespace = mountNamespaceOf(pid);
    if (namespace === undefined || looked.has(namespace)) continue;
    looked.add(namespace);
    const mounts = gone(() => readProcessList(pid, "mountinfo")) ?? "";
    if (readMounts(mounts).some((mount) => mount.target === target)) holders.push(holder(pid));
  }
  return holders.find(({ name }) => name === "crio") ?? holders[0];
}

/** Finds a process of this mount namespace that has a file below a path open, or works there. */
export function holderHere(path: string): MountHolder | undefined {
  const target = realPath(path);
  const isBelow = (pid: number, link: string): boolean => {
    const place = processLink(pid, link);
    return place !== undefined && (place === target || place.startsWith(`${target}/`));
  };
  const own = mountNamespaceOf("self");
  const found = processes().find((pid) => {
    if (mountNamespaceOf(pid) !== own) return false;
    return ["cwd", "root", "exe", ...openFileLinks(pid)].some((link) => isBelow(pid, link));
  });
  return found === undefined ? undefined : holder(found);
}

/** A process in words: `pid 4711 (crio, unit crio.service)`. */
export function holderInWords({ pid, name, unit }: MountHolder): string {
  return `pid ${pid} (${[name, ...(unit === "" ? [] : [`unit ${unit}`])].join(", ")})`;
}

function processes(): number[] {
  return processIds().sort((a, b) => a - b);
}

/** A process as one that keeps something mounted. */
export function holder(pid: number): MountHolder {
  const units = (readProcessCgroup(pid) ?? "").match(/[^/\n]+\.(?:service|scope)(?=\/|$)/gm) ?? [];
  return { pid, name: readCommandName(pid) ?? "?", unit: units.at(-1) ?? "" };
}

/** What has ended meanwhile, or is none of ours to look at, holds nothing that could be named. */
function gone<T>(look: () => T): T | undefined {
  return ifThere(look, "ESRCH", "EACCES", "EPERM", "EINVAL");
}
