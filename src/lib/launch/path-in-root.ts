import { lstatSync, mkdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { isNotFound, KpodError } from "../errors";

/**
 * Follows a path as a process inside the container would: symbolic links are resolved against the
 * container's root and cannot lead out of it. Parts that are not there yet are taken as they are.
 * @returns the path on the host
 * @throws KpodError BAD_ARGUMENT when the links go round in circles
 */
export function resolveInRoot(root: string, path: string): string {
  const pending = path.split("/");
  let resolved: string[] = [];
  let links = 0;
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      resolved.pop();
      continue;
    }
    const candidate = join(root, ...resolved, part);
    if (!isSymbolicLink(candidate)) {
      resolved.push(part);
      continue;
    }
    if (++links > 40)
      throw new KpodError("BAD_ARGUMENT", `too many symbolic links in ${path} of the container`);
    const target = readlinkSync(candidate);
    if (target.startsWith("/")) resolved = [];
    pending.unshift(...target.split("/"));
  }
  return join(root, ...resolved);
}

function isSymbolicLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch (error) {
    // Also what lies below a file is not there.
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Makes a directory inside a container's root, with its parents. */
export function makeDirectoryInRoot(root: string, path: string): void {
  mkdirSync(resolveInRoot(root, path), { recursive: true, mode: 0o755 });
}
