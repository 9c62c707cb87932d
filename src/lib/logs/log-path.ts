import { realpathSync } from "node:fs";
import { basename, isAbsolute, join, relative } from "node:path";
import { KpodError, ifThere, orFileError } from "../errors";
import { isStorageId } from "../names/ids";

/** What of a container says where its log is. */
export interface LogOwner {
  readonly id: string;
  readonly name: string;
  readonly sandboxId: string;
  /** As its spec has it; "" where that names none. */
  readonly logPath: string;
}

/**
 * Where the log of a container is: what its spec says, else CRI-O's own place for logs.
 * @param logDir the configured directory of logs
 * @param moved true when the logs of the node lie below `logDir` now, wherever the specs say
 * @throws KpodError CORRUPT when the spec cannot be read or names what can be no path of a log; NOT_FOUND when
 *   the log is not below the directory that the logs were moved to
 */
export function logPathOf(container: LogOwner, logDir: string, moved = false): string {
  const path = container.logPath === "" ? defaultPath(container, logDir) : container.logPath;
  if (!isAbsolute(path) || path.includes("\0")) {
    throw new KpodError(
      "CORRUPT",
      `the log path of container ${container.name} is not an absolute path: ${JSON.stringify(path)}`,
    );
  }
  return moved && container.logPath !== "" ? movedPath(container, path, logDir) : path;
}

function defaultPath({ id, name, sandboxId }: LogOwner, logDir: string): string {
  if (isStorageId(sandboxId)) return join(logDir, sandboxId, `${id}.log`);
  throw new KpodError(
    "CORRUPT",
    `container ${name} names neither its log nor its pod: ${JSON.stringify(sandboxId)} is no id`,
  );
}

/**
 * The log below another directory than the spec says: as much of the end of its path as is there. Of a name
 * like `0.log` the two directories above belong to it, or it could be the log of any container.
 */
function movedPath({ id, name }: LogOwner, path: string, logDir: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const shortest = basename(path).includes(id) ? 1 : Math.min(3, parts.length);
  for (let first = 0; first <= parts.length - shortest; first++) {
    const tail = parts.slice(first);
    if (tail.includes("..")) continue;
    const candidate = join(logDir, ...tail);
    if (isBelow(candidate, logDir)) return candidate;
  }
  throw new KpodError("NOT_FOUND", `the log of container ${name} is not below ${logDir}`, {
    hint: `on its node it was ${path}`,
  });
}

/** True for a path that is there, and that no symbolic link leads out of a directory. */
function isBelow(path: string, directory: string): boolean {
  return orFileError(
    `cannot look for ${path}`,
    () => ifThere(() => !relative(realpathSync(directory), realpathSync(path)).startsWith("..")) ?? false,
  );
}
