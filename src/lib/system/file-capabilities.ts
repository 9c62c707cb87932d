import { errnoOf } from "../errors";
import { checked, libc } from "./libc";

const attribute = "security.capability";

/** More than the newest form of them takes. */
const longest = 64;

/** What a program's file lets it do beyond its user, as the kernel keeps it; undefined for nothing. */
export function getFileCapabilities(path: string): Buffer | undefined {
  const value = Buffer.alloc(longest);
  try {
    const size = checked("lgetxattr", libc().lgetxattr(path, attribute, value, value.length), path);
    return value.subarray(0, size);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENODATA" || code === "ENOTSUP" || code === "EOPNOTSUPP") return undefined;
    throw error;
  }
}

/** Gives them back to a file that lost them with its owner. */
export function setFileCapabilities(path: string, value: Buffer): void {
  checked("lsetxattr", libc().lsetxattr(path, attribute, value, value.length, 0), path);
}
