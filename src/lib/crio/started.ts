import { readdirSync, statSync } from "node:fs";
import type { Config } from "../config";
import { readTextIfThere } from "../system/files";
import { readProcessStat } from "../system/process";

/** The kernel's clock for files and processes is this much coarser than that of programs, in milliseconds. */
const coarseness = 50;

/** The clock ticks of /proc/PID/stat, on every machine that Linux runs on. */
const ticksPerSecond = 100;

/**
 * True where CRI-O was started since then, as the file says in which it leaves its version, or its process.
 * @param since milliseconds since 1970
 * @param command the name of its process
 */
export function crioStartedSince(
  { versionFile }: Pick<Config, "versionFile">,
  since: number,
  command = "crio",
): boolean {
  const written = versionFile === "" ? undefined : statSync(versionFile, { throwIfNoEntry: false })?.mtimeMs;
  if (written !== undefined && written >= since - coarseness) return true;
  const uptime = Number(readTextIfThere("/proc/uptime")?.split(" ")[0]) * 1000;
  const boot = Date.now() - uptime;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readTextIfThere(`/proc/${pid}/comm`)?.trim() === command)
    .some((pid) => {
      const ticks = Number(readProcessStat(Number(pid))?.startTime);
      return boot + (ticks * 1000) / ticksPerSecond >= since - coarseness;
    });
}
