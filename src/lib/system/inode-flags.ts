import { constants, fstatSync, openSync } from "node:fs";
import { O_PATH, closing } from "./files";
import { checked, libc } from "./libc";

// See ioctl_iflags(2).
const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_IMMUTABLE_FL = 0x10;
const FS_APPEND_FL = 0x20;

/**
 * Removes the flags of a file or directory that keep root itself from deleting it or what is in it: `immutable` and
 * `append-only` (chattr(1)). Symbolic links are not followed, devices and FIFOs not opened: they have no such flags.
 * @returns whether there were any
 * @throws the error of the operating system
 */
export function removeInodeFlags(path: Buffer | string): boolean {
  // First the place alone: whatever is put there after this was looked at, the open file stays the same.
  return closing(openSync(path, O_PATH | constants.O_NOFOLLOW), (place) => {
    const stats = fstatSync(place);
    return (stats.isFile() || stats.isDirectory()) && removeFlagsOf(`/proc/self/fd/${place}`);
  });
}

function removeFlagsOf(path: string): boolean {
  return closing(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), (fd) => {
    const flags = Buffer.alloc(8);
    // A file system that knows no such flags says so by an error.
    if (libc().ioctl(fd, FS_IOC_GETFLAGS, flags) === -1) return false;
    const before = flags.readInt32LE(0);
    const after = before & ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
    if (after === before) return false;
    flags.writeInt32LE(after, 0);
    checked("ioctl", libc().ioctl(fd, FS_IOC_SETFLAGS, flags));
    return true;
  });
}
