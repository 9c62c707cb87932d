import { errnoOf } from "../errors";
import { checked, libc } from "./libc";

/**
 * Gives a file or directory its SELinux context; a symbolic link itself, not what it leads to. File systems that keep
 * no contexts leave it as it is.
 * @param context "" for none to give
 * @throws an error of the operating system that names the path
 */
export function setFileContext(path: string, context: string): void {
  if (context === "") return;
  const value = Buffer.from(`${context}\0`);
  try {
    checked("lsetxattr", libc().lsetxattr(path, "security.selinux", value, value.length, 0), path);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
  }
}
