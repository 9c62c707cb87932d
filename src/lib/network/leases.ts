import { lstatSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ifThere, KpodError } from "../errors";
import { blockFor, monotonicNow } from "../system/clock";
import { lockFileAtOnce } from "../system/file-lock";
import { fileLimits, namesInDirectory, readTextIfThere } from "../system/files";
import { parseAddress, type Address } from "./address";
import type { NetworkList } from "./network-list";
import { localAddresses, rangeSize } from "./ranges";

/** An address that host-local has given to a container. */
export interface Lease {
  /** The file that says so; its name is the address. */
  readonly path: string;
  readonly network: string;
  readonly address: string;
  readonly parsed: Address;
  /** Whatever the file says: of a pod the id of its infra container. */
  readonly containerId: string;
  /** "" in files of old versions. */
  readonly ifName: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** What is found in a directory of leases. */
export interface Leases {
  readonly leases: readonly Lease[];
  /** False when somebody held the lock all the while: a lease that is just given may be missing or empty. */
  readonly settled: boolean;
}

/** Milliseconds between two tries to get the lock. */
const pause = 20;

/**
 * The leases of a network as they are at the moment: one that is just given may be empty. None where others than
 * host-local give the addresses, or nobody has got one yet.
 * @throws KpodError NOT_PERMITTED, IO
 */
export function readLeases(list: Pick<NetworkList, "name" | "plugins">): Lease[] {
  const directory = localAddresses(list)?.directory;
  if (directory === undefined) return [];
  const leases = namesInDirectory(directory).flatMap((address): Lease[] => {
    const parsed = parseAddress(address);
    if (parsed === undefined) return [];
    const path = join(directory, address);
    const stat = ifThere(() => lstatSync(path));
    if (stat === undefined) return [];
    const [containerId = "", ifName = ""] = leaseText(path).trim().split(/\r?\n/);
    return [{ path, network: list.name, address, parsed, containerId, ifName, since: stat.mtimeMs }];
  });
  return leases.sort(byAddress);
}

/**
 * The same under the lock of host-local, where that can be had in time.
 * @param timeoutMs how long to wait for the lock
 * @throws KpodError NOT_PERMITTED, IO
 */
export async function readSettledLeases(
  list: Pick<NetworkList, "name" | "plugins">,
  timeoutMs: number,
): Promise<Leases> {
  const directory = localAddresses(list)?.directory;
  if (directory === undefined) return { leases: [], settled: true };
  const release = await lockLeases(directory, timeoutMs);
  try {
    return { leases: readLeases(list), settled: release !== undefined };
  } finally {
    release?.();
  }
}

/** How many pods a network has addresses for, by the first of its sets; undefined where host-local does not give them. */
export function addressesOf(list: Pick<NetworkList, "name" | "plugins">): number | undefined {
  const [first] = localAddresses(list)?.sets ?? [];
  return first && Number(first.reduce((sum, range) => sum + rangeSize(range), 0n));
}

/** "" for what is no file of a lease: to host-local its address is taken all the same. */
function leaseText(path: string): string {
  try {
    return readTextIfThere(path, fileLimits.word) ?? "";
  } catch (error) {
    if (!(error instanceof KpodError) || error.code !== "CORRUPT") throw error;
    return "";
  }
}

/** IPv4 first. */
function byAddress({ parsed: a }: Lease, { parsed: b }: Lease): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}

/** Milliseconds that host-local has the lock at most, when it is well. */
const leasePatience = 2_000;

/**
 * Changes a directory of leases under the lock of host-local. Nothing else of this process happens meanwhile.
 * @throws KpodError LOCK_TIMEOUT where somebody has it all the while, NOT_PERMITTED, IO
 */
export function changingLeases<T>(directory: string, action: () => T): T {
  const path = join(directory, "lock");
  const deadline = monotonicNow() + leasePatience;
  for (;;) {
    const release = lockFileAtOnce(path, "write");
    if (release !== undefined) {
      try {
        return action();
      } finally {
        if (release !== "absent") release();
      }
    }
    if (monotonicNow() >= deadline)
      throw new KpodError("LOCK_TIMEOUT", `somebody holds ${path}`, { hint: "see fuser -v, and try again" });
    blockFor(pause);
  }
}

/** The container that an address is given to, by the file of the lease; undefined where it is given to nobody. */
export function leaseHolder(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  return leaseText(path).trim().split(/\r?\n/)[0];
}

/**
 * Takes the lock under which host-local leases and releases addresses, together with others who only read.
 * @returns what releases it, also where there is no lock file yet; undefined when it could not be had in time
 * @throws KpodError NOT_PERMITTED, IO
 */
async function lockLeases(directory: string, timeoutMs: number): Promise<(() => void) | undefined> {
  const path = join(directory, "lock");
  const deadline = monotonicNow() + timeoutMs;
  for (;;) {
    const release = lockFileAtOnce(path, "read");
    if (release === "absent") return () => {};
    if (release !== undefined || monotonicNow() >= deadline) return release;
    await sleep(pause);
  }
}
