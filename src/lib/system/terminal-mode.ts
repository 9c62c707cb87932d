import { checked, libc } from "./libc";

/** Of ioctl_tty(2): reading and setting the mode of a terminal, on most architectures and on those that took BSD's. */
const [TCGETS, TCSETS] = ["ppc64", "ppc"].includes(process.arch)
  ? [0x402c7413, 0x802c7414]
  : process.arch.startsWith("mips")
    ? [0x540d, 0x540e]
    : [0x5401, 0x5402];

/** More than a `struct termios` of the kernel has on any architecture. */
const size = 64;

/** Notes how a terminal is set. @returns puts it back; does nothing for what is no terminal */
export function keepTerminalMode(fd: number): () => void {
  const mode = readMode(fd);
  return () => {
    if (mode !== undefined && readMode(fd)?.equals(mode) === false) libc().ioctl(fd, TCSETS, mode);
  };
}

// Flags of termios(3) as x86, ARM, RISC-V and s390x have them; those of PowerPC and MIPS differ and are not run there.
const IGNBRK = 0o1;
const BRKINT = 0o2;
const PARMRK = 0o10;
const ISTRIP = 0o40;
const INLCR = 0o100;
const IGNCR = 0o200;
const ICRNL = 0o400;
const IXON = 0o2000;
const OPOST = 0o1;
const CSIZE = 0o60;
const CS8 = 0o60;
const PARENB = 0o400;
const ISIG = 0o1;
const ICANON = 0o2;
const ECHO = 0o10;
const ECHONL = 0o100;
const IEXTEN = 0o100000;
const VTIME = 5;
const VMIN = 6;

/**
 * Has a terminal hand on every key as it is, as cfmakeraw(3) does.
 * @returns puts it back as it was, also when it is called again
 * @throws an error of the operating system
 */
export function makeRaw(fd: number): () => void {
  const restore = keepTerminalMode(fd);
  const mode = readMode(fd);
  if (mode === undefined) return restore;
  // struct termios { unsigned int c_iflag, c_oflag, c_cflag, c_lflag; unsigned char c_line, c_cc[19]; }
  const flags = new Uint32Array(mode.buffer, mode.byteOffset, 4);
  const [input = 0, output = 0, control = 0, local = 0] = flags;
  flags.set([
    input & ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON),
    output & ~OPOST,
    (control & ~(CSIZE | PARENB)) | CS8,
    local & ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN),
  ]);
  mode[17 + VTIME] = 0;
  mode[17 + VMIN] = 1;
  checked("ioctl", libc().ioctl(fd, TCSETS, mode), "terminal");
  return restore;
}

function readMode(fd: number): Buffer | undefined {
  const mode = Buffer.from(new ArrayBuffer(size));
  return libc().ioctl(fd, TCGETS, mode) === -1 ? undefined : mode;
}
