import { readlinkSync } from "node:fs";
import { totalmem } from "node:os";
import { specCgroupPath } from "../cgroups/spec-path";
import type { StatsController } from "../cgroups/counters";
import { cgroupMounts } from "../cgroups/mounts";
import { parseProcessCgroups, type CgroupMount, type ProcessCgroups } from "../cgroups/process-cgroups";
import { readCgroupStats } from "../cgroups/stats";
import { KpodError, tolerate, ifThere } from "../errors";
import type { Container } from "../oci/container";
import { readNetworkInterfaces, type NetworkInterface } from "../system/net-dev";
import { readProcessCgroup, readProcessStat, isLiving } from "../system/process";
import { monotonicNow } from "../system/clock";
import type { LibcontainerStats, MachineMemory, ProcessorMark } from "./stats-values";
import { firstProcess } from "./first-process";

/** What of the machine does not change from sample to sample. */
export interface StatsHost extends MachineMemory {
  readonly cgroupMounts: readonly CgroupMount[];
  /** The machine's network namespace, as /proc/PID/ns/net names it; undefined when that cannot be read. */
  readonly networkNamespace: string | undefined;
}

/** Looks at the machine once, for many samples. */
export function statsHost(): StatsHost {
  return {
    cgroupMounts: cgroupMounts(),
    // Even root may be kept from looking at the first process, for example by its own security module.
    networkNamespace: networkNamespaceOf(1) ?? networkNamespaceOf("self"),
    memory: totalmem(),
  };
}

/** What to read of a container. */
export interface StatsOptions {
  readonly host?: StatsHost;
  /** The controllers wanted, and whether the network is; everything when left out. */
  readonly controllers?: readonly StatsController[];
  readonly network?: boolean;
  /** True fills the optional fields, too, which costs a few more files. */
  readonly detail?: boolean;
  /** The directories with the counters of processes, by container and pid: kept from one look to the next. */
  readonly knownCgroups?: Map<string, ProcessCgroups>;
  /** The counters of block devices that are known to have counted nothing on this machine. */
  readonly idleBlkio?: ReadonlySet<string>;
  /** What the network namespaces of pods counted, by id of the pod: shared by the containers of one sample. */
  readonly podNetworks?: Map<string, readonly NetworkInterface[] | undefined>;
}

/**
 * Reads the raw numbers of a container from the kernel. No runtime is asked: `container.state` says which
 * process is its first.
 * @throws KpodError BAD_STATE when it does not run or has ended meanwhile; NOT_PERMITTED, IO
 */
export function readContainerStats(container: Container, options: StatsOptions = {}): LibcontainerStats {
  const { host = statsHost(), network = true } = options;
  const process = firstProcess(container);
  if (process === undefined) throw notRunning(container);
  const { pid } = process;
  const cgroups = cgroupsOf(container, pid, host, options.knownCgroups);
  const sampledAt = monotonicNow();
  const counted = readCgroupStats(cgroups, options);
  const interfaces = network ? podInterfaces(container, pid, host, options.podNetworks) : undefined;
  // Looked at last: whatever was read above is the container's only if its process is still the same.
  const stat = readProcessStat(pid);
  if (stat === undefined || !isLiving(stat, process.startTime)) throw notRunning(container);
  return { pid, startTime: stat.startTime, sampledAt, ...counted, interfaces };
}

/**
 * The mark of a running container whose state was looked up just now: a first look, which only reads what its
 * processors did so far. That its process is still the same is for the next look to find out.
 * @throws KpodError BAD_STATE when it does not run or has ended meanwhile; NOT_PERMITTED, IO
 */
export function readProcessorMark(
  container: Container,
  options: Pick<StatsOptions, "host" | "knownCgroups">,
): ProcessorMark | undefined {
  const { host = statsHost(), knownCgroups } = options;
  const process = firstProcess(container);
  if (process === undefined) throw notRunning(container);
  const { pid } = process;
  const startTime = process.startTime ?? readProcessStat(pid)?.startTime;
  if (startTime === undefined) throw notRunning(container);
  const cgroups = cgroupsOf(container, pid, host, knownCgroups);
  const at = monotonicNow();
  const { cpu } = readCgroupStats(cgroups, { controllers: ["cpu"] });
  return cpu === undefined ? undefined : { pid, startTime, nanoseconds: cpu.usage, at };
}

/** The cgroups of a container's process. It may move below the container's own cgroup, which stays the same. */
function cgroupsOf(
  container: Container,
  pid: number,
  { cgroupMounts: mounts }: StatsHost,
  knownCgroups: Map<string, ProcessCgroups> | undefined,
): ProcessCgroups {
  const key = `${container.id} ${pid}`;
  const known = knownCgroups?.get(key);
  if (known !== undefined) return known;
  const text = readProcessCgroup(pid);
  if (text === undefined) throw notRunning(container);
  const cgroups = parseProcessCgroups(text, container.id, mounts, () => wantedPath(container));
  knownCgroups?.set(key, cgroups);
  return cgroups;
}

function wantedPath(container: Container): string {
  // Its spec is lost: the path of the process is all there is.
  return tolerate("", () => {
    const path: unknown = container.spec.linux?.cgroupsPath;
    return typeof path === "string" ? specCgroupPath(path) : "";
  });
}

/** True when a container has a process whose numbers can be read. */
export function isSampled(container: Container): boolean {
  return firstProcess(container) !== undefined;
}

function podInterfaces(
  container: Container,
  pid: number,
  host: StatsHost,
  known = new Map<string, readonly NetworkInterface[] | undefined>(),
): readonly NetworkInterface[] | undefined {
  if (known.has(container.sandboxId)) return known.get(container.sandboxId);
  const namespace = networkNamespaceOf(pid);
  if (namespace === undefined) return undefined;
  const interfaces = namespace === host.networkNamespace ? undefined : readNetworkInterfaces(pid);
  known.set(container.sandboxId, interfaces);
  return interfaces;
}

function networkNamespaceOf(pid: number | "self"): string | undefined {
  return ifThere(() => readlinkSync(`/proc/${pid}/ns/net`), "EACCES", "EPERM", "ESRCH");
}

/** The error for a container without a process to look at. */
function notRunning({ id, state }: Container): KpodError {
  if (state?.status === "unknown") {
    return new KpodError("BAD_STATE", `cannot read the stats of container ${id}: its state is unknown`, {
      hint: "its runtime could not be asked: --log-level warn says why",
    });
  }
  return new KpodError("BAD_STATE", `cannot read the stats of container ${id}: it is not running`);
}
