import { errnoOf } from "../errors";
import { readProcessFile } from "./process";

/** What the kernel tells of a process, raw: as /proc/PID/stat, status, cmdline and attr/current have it (proc(5)). */
export interface ProcessDetails {
  /** As this process sees it. */
  readonly pid: number;
  /** Pids from the outermost pid namespace that is seen here to its own. */
  readonly namespacePids: readonly number[];
  /** Process groups likewise. */
  readonly namespaceGroups: readonly number[];
  readonly parent: number;
  /** `R`, `S`, `Z`, … */
  readonly state: string;
  /** Device number of its terminal; 0 without one. */
  readonly terminal: number;
  /** Clock ticks on the processors, in user space and in the kernel. */
  readonly ticks: number;
  readonly nice: number;
  /** Clock ticks after boot. */
  readonly startTicks: number;
  /** Bytes of address space. */
  readonly virtualBytes: number;
  /** Bytes that it has in memory. */
  readonly residentBytes: number;
  /** Real, effective, saved and file system ids, as this process sees them. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  /** Sets of capabilities by their names in status: CapInh, CapPrm, CapEff, CapBnd, CapAmb. */
  readonly capabilities: Readonly<Record<string, bigint>>;
  /** 0 disabled, 1 strict, 2 filter. */
  readonly seccomp: number;
  readonly name: string;
  /** What it was called with; empty of threads of the kernel and of zombies. */
  readonly args: readonly string[];
  /** Its label of SELinux or AppArmor; "" without one. */
  readonly label: string;
}

/** Reads all of a process; undefined when it is gone. */
export function readProcessDetails(pid: number): ProcessDetails | undefined {
  const stat = readProcessFile(pid, "stat");
  const status = readProcessFile(pid, "status");
  const cmdline = readProcessFile(pid, "cmdline");
  if (stat === undefined || status === undefined || cmdline === undefined) return undefined;
  const nameEnd = stat.lastIndexOf(")");
  const fields = stat.slice(nameEnd + 2).split(" ");
  const number = (index: number): number => Number(fields[index] ?? 0);
  const numbers = (key: string): number[] =>
    (lineOf(status, key) ?? "").split(/\s+/).filter(Boolean).map(Number);
  const capabilities = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(
    (key) => [key, BigInt(`0x${lineOf(status, key) ?? "0"}`)] as const,
  );
  return {
    pid,
    namespacePids: numbers("NSpid"),
    namespaceGroups: numbers("NSpgid"),
    parent: number(1),
    state: fields[0] ?? "",
    terminal: number(4),
    ticks: number(11) + number(12),
    nice: number(16),
    startTicks: number(19),
    virtualBytes: number(20),
    residentBytes: (numbers("VmRSS")[0] ?? 0) * 1024,
    uids: numbers("Uid"),
    gids: numbers("Gid"),
    groups: numbers("Groups"),
    capabilities: Object.fromEntries(capabilities),
    seccomp: numbers("Seccomp")[0] ?? 0,
    name: stat.slice(stat.indexOf("(") + 1, nameEnd),
    args: cmdline === "" ? [] : cmdline.replace(/\0$/, "").split("\0"),
    label: readLabel(pid),
  };
}

/** What stands behind a key of status, of which there are five times as many as are looked for. The name, which is anybody's, is the first. */
function lineOf(status: string, key: string): string | undefined {
  const at = status.indexOf(`\n${key}:\t`);
  return at < 0 ? undefined : status.slice(at + key.length + 3, status.indexOf("\n", at + 1));
}

/** False once the kernel has refused to be asked, as it does without a security module: for all processes alike. */
let hasLabels = true;

function readLabel(pid: number): string {
  if (!hasLabels) return "";
  try {
    return (readProcessFile(pid, "attr/current") ?? "").replace(/[\0\n]+$/, "");
  } catch (error) {
    hasLabels = errnoOf(error) !== "EINVAL";
    return "";
  }
}
