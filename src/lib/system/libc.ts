import { errnoName } from "../errors";
import { loadForeign, type Foreign, type ForeignFunction } from "./foreign";

/** The calls of the C library that node does not offer. Each returns -1 and sets errno when it fails. */
export interface Libc {
  fcntl(fd: number, command: number, argument: Buffer): number;
  flock(fd: number, operation: number): number;
  mount(source: string, target: string, type: string | null, flags: number, data: string | null): number;
  umount2(target: string, flags: number): number;
  unshare(flags: number): number;
  setns(fd: number, type: number): number;
  socket(domain: number, type: number, protocol: number): number;
  connect(fd: number, address: Buffer, size: number): number;
  shutdown(fd: number, how: number): number;
  ioctl(fd: number, request: number, argument: Buffer): number;
  poll(descriptors: Buffer, count: number, timeout: number): number;
  lseek(fd: number, offset: number, whence: number): number;
  kill(pid: number, signal: number): number;
  alarm(seconds: number): number;
  chroot(path: string): number;
  /** A call of the kernel that the C library of older systems has no function for. */
  syscall(number: number, first: number, second: number, third: Buffer | null, fourth: number): number;
  /** The same for calls that take a path, with its NUL, and a structure. */
  syscallWithPath(number: number, first: number, path: Buffer, third: Buffer, fourth: number): number;
  /** The same for calls that take a path, with its NUL, and numbers. */
  syscallWithPathAndNumbers(
    number: number,
    first: number,
    path: Buffer,
    third: number,
    fourth: number,
  ): number;
  /** The same for calls that take two directories with a path in each. */
  syscallWithTwoPaths(
    number: number,
    first: number,
    path: Buffer,
    second: number,
    otherPath: Buffer,
    flags: number,
  ): number;
  fchdir(fd: number): number;
  lgetxattr(path: string, name: string, value: Buffer, size: number): number;
  lsetxattr(path: string, name: string, value: Buffer, size: number, flags: number): number;
  fgetxattr(fd: number, name: string, value: Buffer | null, size: number): number;
  flistxattr(fd: number, list: Buffer | null, size: number): number;
  fsetxattr(fd: number, name: string, value: Buffer, size: number, flags: number): number;
  /** Ends the process at once. */
  _exit(code: number): void;
  /** The errno of the last failed call. */
  errno(): number;
}

let loaded: Libc | undefined;

/** How C calls them, for whichever engine runs kpod. */
export const prototypes = {
  fcntl: "int fcntl(int fd, int cmd, void *arg)",
  flock: "int flock(int fd, int operation)",
  mount:
    "int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)",
  umount2: "int umount2(const char *target, int flags)",
  unshare: "int unshare(int flags)",
  setns: "int setns(int fd, int type)",
  socket: "int socket(int domain, int type, int protocol)",
  connect: "int connect(int fd, const void *addr, unsigned int addrlen)",
  shutdown: "int shutdown(int fd, int how)",
  ioctl: "int ioctl(int fd, unsigned long request, void *arg)",
  poll: "int poll(void *fds, unsigned long nfds, int timeout)",
  lseek: "long lseek(int fd, long offset, int whence)",
  kill: "int kill(int pid, int sig)",
  alarm: "unsigned int alarm(unsigned int seconds)",
  chroot: "int chroot(const char *path)",
  syscall: "long syscall(long number, long first, long second, void *third, long fourth)",
  syscallWithPath: "long syscall(long number, long first, void *path, void *third, long fourth)",
  syscallWithPathAndNumbers: "long syscall(long number, long first, void *path, long third, long fourth)",
  syscallWithTwoPaths:
    "long syscall(long number, long first, void *path, long second, void *otherPath, long flags)",
  fchdir: "int fchdir(int fd)",
  lgetxattr: "long lgetxattr(const char *path, const char *name, void *value, unsigned long size)",
  lsetxattr:
    "int lsetxattr(const char *path, const char *name, const void *value, unsigned long size, int flags)",
  fgetxattr: "long fgetxattr(int fd, const char *name, void *value, unsigned long size)",
  flistxattr: "long flistxattr(int fd, void *list, unsigned long size)",
  fsetxattr: "int fsetxattr(int fd, const char *name, const void *value, unsigned long size, int flags)",
  _exit: "void _exit(int status)",
} satisfies Record<Exclude<keyof Libc, "errno">, string>;

/** The C library of this process, loaded at the first call. Each of its functions is made at its first call. */
export function libc(): Libc {
  loaded ??= open(loadForeign());
  return loaded;
}

/** The same where somebody has loaded it already. */
export function loadedLibc(): Libc | undefined {
  return loaded;
}

function open(foreign: Foreign): Libc {
  const calls = Object.entries(prototypes).map(([name, prototype]) => {
    let made: ForeignFunction | undefined;
    const call: ForeignFunction = (...args) => (made ??= foreign.function(prototype))(...args);
    return [name, call];
  });
  // What the interface says of each, its prototype says too; an object made from entries cannot.
  return { ...(Object.fromEntries(calls) as Omit<Libc, "errno">), errno: foreign.errno };
}

/** An error as node's own file functions throw it: with `code` (`"EBUSY"`), `errno` and `syscall`. */
export function systemError(syscall: string, errno: number, subject = ""): Error {
  const code = errnoName(errno) ?? `errno ${errno}`;
  const error = new Error(`${code}: ${syscall}${subject === "" ? "" : ` ${subject}`}`);
  return Object.assign(error, { code, errno: -errno, syscall });
}

/**
 * Hands on the result of a call, or throws its errno.
 * @throws an error with `code`, `errno` and `syscall` when the call returned -1
 */
export function checked(syscall: string, result: number, subject = ""): number {
  if (result === -1) throw systemError(syscall, libc().errno(), subject);
  return result;
}
