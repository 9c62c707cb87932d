import { closeSync, constants, openSync } from "node:fs";
import { errnoOf, isNotFound } from "../errors";
import { checked, libc } from "./libc";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes the lock of flock(2) on a file or directory without any wait. It is another lock than those of
 * containers/storage, which are of fcntl(2).
 * @param kind shared with other readers, or alone
 * @returns what releases it; undefined when somebody else holds it, `absent` where there is no such file
 * @throws the error of the operating system
 */
export function lockFileAtOnce(path: string, kind: "read" | "write"): (() => void) | "absent" | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isNotFound(error)) return "absent";
    throw error;
  }
  try {
    checked("flock", libc().flock(fd, (kind === "read" ? LOCK_SH : LOCK_EX) | LOCK_NB), path);
  } catch (error) {
    closeSync(fd);
    if (errnoOf(error) === "EAGAIN") return undefined;
    throw error;
  }
  return () => {
    closeSync(fd);
  };
}
