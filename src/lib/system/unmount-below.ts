import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { errnoOf } from "../errors";
import { O_PATH } from "./files";
import { realPath, unescapeMount, unmount } from "./mount";
import { mountOf } from "./tree";

/** A mount below a directory. */
interface MountBelow {
  /** Its number in /proc/self/mountinfo. */
  readonly id: string;
  /** The names that lead to it from the directory, as bytes. */
  readonly names: readonly Buffer[];
}

/** The mounts of this process's namespace that lie somewhere in a directory, newest first. */
export function mountsBelow(directory: string): MountBelow[] {
  // Names are bytes: read one by one, they stay what they are.
  const place = Buffer.from(`${realPath(directory)}/`).toString("latin1");
  return readFileSync("/proc/self/mountinfo", "latin1")
    .split("\n")
    .map((line) => line.split(" ", 5))
    .map(([id = "", , , , target = ""]) => ({ id, target: unescapeMount(target) }))
    .filter(({ target }) => target.startsWith(place))
    .map(({ id, target }) => ({ id, names: namesIn(target.slice(place.length)) }))
    .reverse();
}

/**
 * Unmounts all that is mounted somewhere in a directory, before it is deleted: deleting would go on into what is
 * mounted there, or end with EBUSY. Each is reached by descriptors and known by its number: whoever puts a symbolic
 * link in the way has nothing unmounted elsewhere.
 */
export function unmountBelow(directory: string): void {
  // One that lies over another hides it until it is gone itself.
  for (let left = mountsBelow(directory); left.length > 0;) {
    for (const mount of left) unmountAt(directory, mount);
    const still = mountsBelow(directory);
    if (still.length >= left.length) return;
    left = still;
  }
}

function unmountAt(directory: string, { id, names }: MountBelow): void {
  let fd = openSync(directory, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    for (const name of names) {
      const path = Buffer.concat([Buffer.from(`/proc/self/fd/${fd}/`), name]);
      const next = openSync(path, O_PATH | constants.O_NOFOLLOW);
      closeSync(fd);
      fd = next;
    }
    if (mountOf(fd) === id) unmount(`/proc/self/fd/${fd}`);
  } catch (error) {
    // It has gone, or something else has taken its place.
    if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) throw error;
  } finally {
    closeSync(fd);
  }
}

function namesIn(path: string): Buffer[] {
  return path.split("/").map((name) => Buffer.from(name, "latin1"));
}
