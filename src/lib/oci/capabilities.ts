import { readFileSync } from "node:fs";
import type { CapabilitySet } from "./spec";

/** The capabilities of Linux by their numbers, see capabilities(7). */
const names = [
  ...["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"],
  ...[
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
  ],
  ...[
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
  ],
  ...["SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL"],
  ...["SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ"],
  ...["PERFMON", "BPF", "CHECKPOINT_RESTORE"],
];

/** All capabilities that this process can hand on: those that the kernel has, less what was taken from it itself. */
export function allCapabilities(): string[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return names.flatMap((name, number) => (((bounding >> BigInt(number)) & 1n) === 1n ? [`CAP_${name}`] : []));
}

/** The capabilities of a process, set by set. */
export type Capabilities = Partial<Record<CapabilitySet, string[]>>;

/**
 * What another user than the container's own has in the same container: root all that the container may ever have, the
 * others none of it, as docker and podman do.
 */
export function capabilitiesOf(uid: number, container: Capabilities): Capabilities {
  const { bounding = [], inheritable } = container;
  const own = uid === 0 ? [...bounding] : [];
  return {
    bounding,
    effective: own,
    permitted: own,
    ...(inheritable === undefined ? {} : { inheritable }),
  };
}
