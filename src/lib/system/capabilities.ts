import { readFileSync } from "node:fs";

/** The capabilities of Linux by their numbers, without CAP_, see capabilities(7). */
export const capabilityNames: readonly string[] = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
  "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN " +
  "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE " +
  "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split(" ");

/** The names of a set of capabilities as the kernel shows it, without CAP_; one that is newer than this list by its number. */
export function capabilitiesIn(set: bigint): string[] {
  const numbers = Array.from({ length: 64 }, (_, number) => number);
  return numbers
    .filter((number) => ((set >> BigInt(number)) & 1n) === 1n)
    .map((number) => capabilityNames[number] ?? String(number));
}

/** All capabilities that this process can hand on: those that the kernel has, less what was taken from it itself. */
export function allCapabilities(): string[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return capabilitiesIn(bounding).map((name) => `CAP_${name}`);
}
