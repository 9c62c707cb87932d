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
