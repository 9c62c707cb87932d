import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ifThere, tolerate } from "../../errors";
import { keyedNumber, readCgroupFile, readCgroupNumber } from "../../cgroups/files";
import { cgroupMounts, ownMounts } from "../../cgroups/mounts";
import { directoryIn, readCgroupLine, type CgroupMount } from "../../cgroups/process-cgroups";
import { specCgroupPath } from "../../cgroups/spec-path";
import type { Container } from "../../oci/container";
import { readMountInfo } from "../../system/mount";
import { readProcessCgroup } from "../../system/process";
import type { Facts } from "../facts";
import { containersWithStates } from "./containers";
import { containerIds } from "./store";

/** The mounted hierarchies. */
export function hierarchies(): readonly CgroupMount[] {
  return cgroupMounts();
}

/** Reads what /proc/PID/cgroup holds, once for all who ask. */
export function cgroupTexts(): (pid: number) => string | undefined {
  const read = new Map<number, string | undefined>();
  return (pid) => {
    if (!read.has(pid)) read.set(pid, readProcessCgroup(pid));
    return read.get(pid);
  };
}

/** The directory of a controller that a container's first process is in; undefined where nobody counts it. */
export function controllerDirectory(
  facts: Facts,
  { state }: Container,
  controller: string,
): string | undefined {
  const pid = state?.pid ?? 0;
  const text = pid > 0 ? facts.get(cgroupTexts)(pid) : undefined;
  for (const line of (text ?? "").split("\n")) {
    const read = readCgroupLine(line);
    if (read === undefined || (read.list !== "" && !read.list.split(",").includes(controller))) continue;
    const mount = facts
      .get(hierarchies)
      .find(({ type, superOptions }) =>
        read.list === "" ? type === "cgroup2" : type === "cgroup" && superOptions.includes(controller),
      );
    const directory = mount && directoryIn(mount, read.path);
    // With both versions mounted only one of them has the controller.
    if (directory !== undefined && (read.list !== "" || hasController(directory, controller)))
      return directory;
  }
  return undefined;
}

/** The directories of a controller in which the processes of a container are counted, or limited. */
export interface CgroupLevels {
  /** From that of its first process up to the container's own: crun makes one below a scope, and so does an init inside. */
  readonly own: readonly [string, ...string[]];
  /** The same, and that of its pod, or of whatever the container's own lies in. */
  readonly limiting: readonly string[];
}

/** Where a container's processes are counted and limited by a controller; undefined where nobody counts them. */
export function controllerLevels(
  facts: Facts,
  container: Container,
  controller: string,
): CgroupLevels | undefined {
  const first = controllerDirectory(facts, container, controller);
  if (first === undefined) return undefined;
  const own: [string, ...string[]] = [first];
  if (!first.includes(container.id)) return { own, limiting: own };
  let above = dirname(first);
  for (; above.includes(container.id); above = dirname(above)) own.push(above);
  return { own, limiting: [...own, above] };
}

/** Of a container's own directories the one in whose file most is counted by a key; undefined where nothing is. */
export function mostCounted(
  { own }: { readonly own: readonly string[] },
  file: string,
  key: string,
): { readonly path: string; readonly count: number } | undefined {
  const [most] = own
    .map((path) => ({ path, count: keyedNumber(readCgroupFile(path, file), key) ?? 0 }))
    .sort((a, b) => b.count - a.count);
  return most?.count === 0 ? undefined : most;
}

function hasController(directory: string, controller: string): boolean {
  return readCgroupFile(directory, "cgroup.controllers")?.trim().split(" ").includes(controller) === true;
}

/** The cgroups of a container, or of its conmon, of which no record knows. */
export interface StrayCgroup {
  readonly id: string;
  /** One in each hierarchy. */
  readonly directories: readonly string[];
  readonly isPopulated: boolean;
  /** When it was made, milliseconds since 1970. */
  readonly since: number;
}

/** The cgroups of the store's pods, as the kernel calls them. */
export async function podCgroups(facts: Facts): Promise<ReadonlySet<string>> {
  return new Set(
    (await facts.get(containersWithStates))
      .filter(({ infra }) => infra)
      .flatMap((container) => {
        const path = tolerate("", () => specCgroupPath(container.spec.linux?.cgroupsPath ?? ""));
        // Without a slash at its beginning it means the same.
        const parent = dirname(path.replace(/^\/*/, "/"));
        // What lies at the top may be anybody's.
        return parent === "/" ? [] : [parent];
      }),
  );
}

/**
 * The cgroups beside those of the store's containers that bear CRI-O's names and have no record. Those elsewhere may be of
 * another store.
 */
export async function strayCgroups(facts: Facts): Promise<readonly StrayCgroup[]> {
  const known = await facts.get(containerIds);
  const parents = await facts.get(podCgroups);
  const found = new Map<string, string[]>();
  for (const { name, directory } of cgroupsIn(facts, parents)) {
    const id = /^crio-(?:conmon-)?([0-9a-f]{64})(?:\.scope)?$/.exec(name)?.[1];
    if (id === undefined || known.has(id)) continue;
    found.set(id, [...(found.get(id) ?? []), directory]);
  }
  return [...found].map(([id, directories]) => ({
    id,
    directories,
    isPopulated: directories.some(isPopulated),
    since: thereSince(facts, directories),
  }));
}

/** A cgroup in one hierarchy. */
export interface CgroupIn {
  /** The path of the one that it lies in, as the kernel calls it. */
  readonly parent: string;
  readonly name: string;
  readonly directory: string;
}

/** What lies in cgroups, in all hierarchies: also those that count nothing, as systemd has one. */
export function cgroupsIn(facts: Facts, parents: Iterable<string>): readonly CgroupIn[] {
  const all = [...parents];
  return ownMounts(facts.get(readMountInfo)).flatMap((mount) =>
    all.flatMap((parent) => {
      const place = directoryIn(mount, parent);
      const names = place === undefined ? [] : (ifThere(() => readdirSync(place)) ?? []);
      return names.map((name) => ({ parent, name, directory: join(place ?? "", name) }));
    }),
  );
}

/** Since when cgroups are there at least, in milliseconds since 1970: the kernel makes their times up when somebody looks at them first. */
export function thereSince({ now }: Facts, directories: readonly string[]): number {
  return Math.min(now, ...directories.map((path) => ifThere(() => statSync(path).ctimeMs) ?? now));
}

/** True where a process is in a cgroup, or in one below it. */
export function isPopulated(directory: string): boolean {
  const events = keyedNumber(readCgroupFile(directory, "cgroup.events"), "populated");
  const count = events ?? readCgroupNumber(directory, "pids.current");
  if (count !== undefined) return count > 0;
  if ((readCgroupFile(directory, "cgroup.procs") ?? "").trim() !== "") return true;
  const below = ifThere(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  return below.some((entry) => entry.isDirectory() && isPopulated(join(directory, entry.name)));
}

/** The processes in a stray cgroup. */
export function processesIn({ directories }: StrayCgroup): number[] {
  const lines = directories.flatMap((path) => (readCgroupFile(path, "cgroup.procs") ?? "").split("\n"));
  return [...new Set(lines.filter(Boolean).map(Number))];
}

/** What a stray cgroup is called in a list. */
export function cgroupWords({ directories: [first = ""] }: StrayCgroup): string {
  return basename(first);
}
