import { closeSync, constants, openSync } from "node:fs";
import { errnoOf, fileError, ifThere, orFileError } from "../errors";
import { checked, libc } from "./libc";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes the lock of flock(2) on a file or directory without any wait. It is another lock than those of
 * containers/storage, which are of fcntl(2).
 * @param kind shared with other readers, or alone
 * @returns what releases it; undefined when somebody else holds it, `absent` where there is no such file
 * @throws KpodError NOT_PERMITTED, IO
 */
export function lockFileAtOnce(path: string, kind: "read" | "write"): (() => void) | "absent" | undefined {
  const what = `cannot lock ${path}`;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const fd = orFileError(what, () => ifThere(() => openSync(path, flags)));
  if (fd === undefined) return "absent";
  try {
    checked("flock", libc().flock(fd, (kind === "read" ? LOCK_SH : LOCK_EX) | LOCK_NB), path);
  } catch (error) {
    closeSync(fd);
    if (errnoOf(error) === "EAGAIN") return undefined;
    throw fileError(what, error);
  }
  return () => {
    closeSync(fd);
  };
}
