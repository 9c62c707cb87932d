import { readFileSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { cgroupsBelow, readCgroupFile } from "../cgroups/files";
import { ownMounts } from "../cgroups/mounts";
import { errnoOf } from "../errors";
import type { ServerView } from "../server-parts";
import { mountNamespaceOf } from "../system/namespaces";
import {
  processIds,
  readCommandLine,
  readCommandName,
  readProcessCgroup,
  readProcessStat,
  readWaitChannel,
} from "../system/process";
import type { ReportArchive } from "./report-archive";

/** What the kernel tells of the machine as a whole. */
const kernelFiles = [
  "/proc/cgroups",
  "/proc/cmdline",
  "/proc/loadavg",
  "/proc/locks",
  "/proc/meminfo",
  "/proc/pressure/cpu",
  "/proc/pressure/io",
  "/proc/pressure/memory",
  "/proc/sys/fs/file-nr",
  "/proc/sys/fs/inotify/max_user_instances",
  "/proc/sys/fs/inotify/max_user_watches",
  "/proc/sys/kernel/pid_max",
  "/proc/sys/kernel/random/boot_id",
  "/proc/uptime",
  "/proc/version",
];

/** Adds what the kernel tells: mounts, locks, processes, cgroups of containers, room on the disks. */
export async function addKernel(
  { config }: Pick<ServerView, "config">,
  archive: ReportArchive,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const path of kernelFiles) await addKernelFile(archive, path);
  await addMounts(archive);
  await archive.add("processes.txt", "/proc/*/stat, wchan, cgroup", "text", () => processes(signal));
  await archive.add("cgroups.txt", "the cgroups of pods and containers", "text", () => cgroups());
  const places = [config.root, config.runRoot, "/", "/run", "/var", "/var/log", "/tmp"];
  await archive.add("disks.txt", "statfs of the places of CRI-O", "text", () => disks([...new Set(places)]));
}

/** Files of /proc are read as they are: what is a link there is the kernel's own. */
async function addKernelFile(archive: ReportArchive, path: string): Promise<void> {
  await archive.add(`files${path}`, path, "text", () => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EOPNOTSUPP") return undefined;
      throw error;
    }
  });
}

/** The mounts as kpod sees them, and as CRI-O, the kubelet and conmon do where these have others. */
async function addMounts(archive: ReportArchive): Promise<void> {
  const seen = new Set<string>();
  const pids = processIds().filter((pid) =>
    ["crio", "kubelet", "conmon"].includes(readCommandName(pid) ?? ""),
  );
  for (const pid of ["self", ...pids] as const) {
    const namespace = mountNamespaceOf(pid);
    if (namespace === undefined || seen.has(namespace)) continue;
    seen.add(namespace);
    await addKernelFile(archive, `/proc/${pid}/mountinfo`);
  }
}

/** Programs whose calls tell something of containers; of all others the name is enough. */
const toldCalls: ReadonlySet<string> = new Set([
  "conmon",
  "conmonrs",
  "crio",
  "crun",
  "kubelet",
  "runc",
  "skopeo",
]);

function processes(signal: AbortSignal | undefined): string {
  const lines = processIds().map((pid) => {
    signal?.throwIfAborted();
    const stat = readProcessStat(pid);
    if (stat === undefined) return "";
    const name = readCommandName(pid) ?? "";
    const call = toldCalls.has(name) ? ` ${JSON.stringify((readCommandLine(pid) ?? []).join(" "))}` : "";
    const cgroup = (readProcessCgroup(pid) ?? "").trim().split("\n").at(-1) ?? "";
    const waits = readWaitChannel(pid) || "-";
    return `${pid} ${stat.parent} ${stat.state} ${stat.startTime} ${waits} ${JSON.stringify(name)} ${cgroup}${call}`;
  });
  return ["PID PPID STATE START WCHAN NAME CGROUP CALL", ...lines.filter(Boolean), ""].join("\n");
}

/** Files of a cgroup that tell how it is. */
const cgroupFiles = [
  "cgroup.events",
  "cgroup.freeze",
  "freezer.state",
  "memory.current",
  "memory.events",
  "memory.max",
  "memory.limit_in_bytes",
  "memory.usage_in_bytes",
  "pids.current",
  "pids.max",
  "cgroup.procs",
];

/** Cgroups that are told at most, and how deep they lie. */
const mostCgroups = 5_000;
const deepest = 12;

function cgroups(): string {
  const lines: string[] = [];
  let count = 0;
  const walk = (directory: string, told: boolean, depth: number): void => {
    for (const name of cgroupsBelow(directory, ["EACCES", "EPERM"])) {
      if (count >= mostCgroups || depth > deepest) return;
      const path = join(directory, name);
      const tells = told || /^crio|kubepods|^kpod/.test(name);
      if (tells) {
        count++;
        const values = cgroupFiles.flatMap((file) => {
          const text = readCgroupFile(path, file)?.trim();
          return text === undefined || text === "" ? [] : [`${file}=${text.replaceAll("\n", ",")}`];
        });
        lines.push(`${path} ${values.join(" ")}`);
      }
      walk(path, tells, depth + 1);
    }
  };
  for (const { target } of ownMounts()) walk(target, false, 0);
  return `${lines.join("\n")}\n`;
}

function disks(places: readonly string[]): string {
  const lines = places.flatMap((place) => {
    try {
      const { blocks, bsize, bavail, files, ffree, type } = statfsSync(place);
      return [
        `${place} type=0x${type.toString(16)} bytes=${blocks * bsize} available=${bavail * bsize} inodes=${files} free-inodes=${ffree}`,
      ];
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return [];
    }
  });
  return `${lines.join("\n")}\n`;
}
