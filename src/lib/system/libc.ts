import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import type * as Koffi from "koffi";
import { loadKoffi } from "./koffi";

/** The calls of the C library that node does not offer. Each returns -1 and sets errno when it fails. */
export interface Libc {
  fcntl(fd: number, command: number, argument: Buffer): number;
  mount(source: string, target: string, type: string | null, flags: number, data: string | null): number;
  umount2(target: string, flags: number): number;
  unshare(flags: number): number;
  setns(fd: number, type: number): number;
  socket(domain: number, type: number, protocol: number): number;
  ioctl(fd: number, request: number, argument: Buffer): number;
  poll(descriptors: Buffer, count: number, timeout: number): number;
  open(path: string, flags: number): number;
  pread(fd: number, buffer: Buffer, count: number, offset: number): number;
  close(fd: number): number;
  lseek(fd: number, offset: number, whence: number): number;
  kill(pid: number, signal: number): number;
  chroot(path: string): number;
  /** A call of the kernel that the C library of older systems has no function for. */
  syscall(number: number, first: number, second: number, third: Buffer | null, fourth: number): number;
  lgetxattr(path: string, name: string, value: Buffer, size: number): number;
  lsetxattr(path: string, name: string, value: Buffer, size: number, flags: number): number;
  /** Ends the process at once. */
  _exit(code: number): void;
  /** The errno of the last failed call. */
  errno(): number;
}

let loaded: Libc | undefined;

const prototypes = {
  fcntl: "int fcntl(int fd, int cmd, void *arg)",
  mount:
    "int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)",
  umount2: "int umount2(const char *target, int flags)",
  unshare: "int unshare(int flags)",
  setns: "int setns(int fd, int type)",
  socket: "int socket(int domain, int type, int protocol)",
  ioctl: "int ioctl(int fd, unsigned long request, void *arg)",
  poll: "int poll(void *fds, unsigned long nfds, int timeout)",
  open: "int open(const char *path, int flags)",
  pread: "long pread(int fd, void *buf, unsigned long count, long offset)",
  close: "int close(int fd)",
  lseek: "long lseek(int fd, long offset, int whence)",
  kill: "int kill(int pid, int sig)",
  chroot: "int chroot(const char *path)",
  syscall: "long syscall(long number, long first, long second, void *third, long fourth)",
  lgetxattr: "long lgetxattr(const char *path, const char *name, void *value, unsigned long size)",
  lsetxattr:
    "int lsetxattr(const char *path, const char *name, const void *value, unsigned long size, int flags)",
  _exit: "void _exit(int status)",
} satisfies Partial<Record<keyof Libc, string>>;

/** The C library of this process, loaded at the first call. Each of its functions is made at its first call. */
export function libc(): Libc {
  loaded ??= open(loadKoffi());
  return loaded;
}

/** The same where somebody has loaded it already. */
export function loadedLibc(): Libc | undefined {
  return loaded;
}

type Call = Koffi.KoffiFunc<(...args: unknown[]) => unknown>;

function open(koffi: typeof Koffi): Libc {
  const library = koffi.load(null);
  const made: Partial<Record<keyof typeof prototypes, Call>> = {};
  const get = (name: keyof typeof prototypes): Call =>
    (made[name] ??= library.func(prototypes[name]) as Call);
  const call =
    (name: keyof typeof prototypes) =>
    (...args: unknown[]): number =>
      Number(get(name)(...args));
  return {
    fcntl: call("fcntl"),
    mount: call("mount"),
    umount2: call("umount2"),
    unshare: call("unshare"),
    setns: call("setns"),
    socket: call("socket"),
    ioctl: call("ioctl"),
    poll: call("poll"),
    // Called by the thousand: without a list of arguments between.
    open: (path, flags) => Number(get("open")(path, flags)),
    pread: (fd, buffer, count, offset) => Number(get("pread")(fd, buffer, count, offset)),
    close: (fd) => Number(get("close")(fd)),
    lseek: call("lseek"),
    kill: (pid, signal) => Number(get("kill")(pid, signal)),
    chroot: call("chroot"),
    syscall: call("syscall"),
    lgetxattr: call("lgetxattr"),
    lsetxattr: call("lsetxattr"),
    _exit: call("_exit"),
    errno: () => koffi.errno(),
  };
}

/** An error as node's own file functions throw it: with `code` (`"EBUSY"`), `errno` and `syscall`. */
export function systemError(syscall: string, errno: number, subject = ""): Error {
  const code = errnoName(errno);
  const error = new Error(`${code}: ${syscall}${subject === "" ? "" : ` ${subject}`}`);
  return Object.assign(error, { code, errno: -errno, syscall });
}

function errnoName(errno: number): string {
  const name = getSystemErrorName(-errno);
  // libuv does not know them all: ENOLCK for one.
  if (!name.startsWith("Unknown")) return name;
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? name;
}

/**
 * Hands on the result of a call, or throws its errno.
 * @throws an error with `code`, `errno` and `syscall` when the call returned -1
 */
export function checked(syscall: string, result: number, subject = ""): number {
  if (result === -1) throw systemError(syscall, libc().errno(), subject);
  return result;
}
