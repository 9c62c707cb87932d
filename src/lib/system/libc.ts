import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
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
  /** The errno of the last failed call. */
  errno(): number;
}

let loaded: Libc | undefined;

/** The C library of this process, loaded at the first call. */
export function libc(): Libc {
  if (loaded === undefined) {
    const koffi = loadKoffi();
    const library = koffi.load(null);
    loaded = {
      fcntl: library.func("int fcntl(int fd, int cmd, void *arg)"),
      mount: library.func(
        "int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)",
      ),
      umount2: library.func("int umount2(const char *target, int flags)"),
      unshare: library.func("int unshare(int flags)"),
      setns: library.func("int setns(int fd, int type)"),
      socket: library.func("int socket(int domain, int type, int protocol)"),
      ioctl: library.func("int ioctl(int fd, unsigned long request, void *arg)"),
      poll: library.func("int poll(void *fds, unsigned long nfds, int timeout)"),
      errno: () => koffi.errno(),
    };
  }
  return loaded;
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
