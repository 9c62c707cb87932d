import { openSync, readdirSync } from "node:fs";
import { errnoOf } from "../errors";
import { asDirectory, DeepDirectory, levelToSuspend } from "./deep-directory";
import { readSmallText } from "./scratch";

/**
 * A directory of a tree that is being walked. It was opened by its name in the one above it, never through a path:
 * whoever moves directories and symbolic links about meanwhile leads nobody out of the tree.
 */
export interface TreeDirectory {
  /** The directory that it is in; undefined at the top. */
  readonly parent: TreeDirectory | undefined;
  /** Its name there; empty at the top. */
  readonly name: Buffer;
  /** The path of an entry for node's file functions, through the open directory; to be used at once. */
  readonly at: (name: Buffer | string) => Buffer;
}

/** What a walk meets, in `directory`, which is open as long as the step is looked at. */
export interface TreeStep {
  /**
   * `left`: a directory after all that was in it. `mount`: one where something is mounted, into which the walk does not
   * go. `file`: all else, symbolic links among them.
   */
  readonly kind: "file" | "left" | "mount";
  readonly directory: TreeDirectory;
  readonly name: Buffer;
}

interface OpenDirectory extends TreeDirectory {
  readonly parent: OpenDirectory | undefined;
  readonly deep: DeepDirectory;
  readonly mount: string;
  readonly pending: TreeEntry[];
}

interface TreeEntry {
  readonly name: Buffer;
  readonly mayBeDirectory: boolean;
}

/**
 * Walks a directory tree: what is in a directory before the directory itself, of any depth, whatever its names, in no
 * other mount, through no symbolic link. The top is not among the steps. What vanishes meanwhile is passed over, and so
 * is the rest of a directory that somebody moves away from under a deep walk.
 * @param top a directory; not a symbolic link to one
 * @throws the error of the operating system
 */
export function* walkTree(top: string): Generator<TreeStep> {
  const stack: OpenDirectory[] = [];
  const push = (directory: OpenDirectory): void => {
    stack.push(directory);
    const level = levelToSuspend(stack.length);
    if (level !== undefined) stack[level]?.deep.suspend();
  };
  try {
    push(opened(openSync(top, asDirectory), undefined, Buffer.alloc(0)));
    for (let current = stack.at(-1); current !== undefined; current = stack.at(-1)) {
      const entry = current.pending.pop();
      if (entry === undefined) {
        stack.pop();
        const parent = backTo(stack, current);
        current.deep.close();
        if (parent === undefined) continue;
        yield { kind: "left", directory: parent, name: current.name };
      } else if (entry.mayBeDirectory) {
        const below = enter(current, entry.name);
        if (typeof below === "object") push(below);
        else if (below !== "gone") yield { kind: below, directory: current, name: entry.name };
      } else {
        yield { kind: "file", directory: current, name: entry.name };
      }
    }
  } finally {
    for (const { deep } of stack) deep.close();
  }
}

/** The mount that an open file or directory is in, by its number in /proc/self/mountinfo. */
export function mountOf(fd: number): string {
  return /^mnt_id:\t(\d+)$/m.exec(readSmallText(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1] ?? "";
}

/** The names that lead to an entry from the top, its own last. */
export function namesTo({ parent, name }: TreeDirectory, last: Buffer): Buffer[] {
  const names = [last];
  let own = name;
  for (let above = parent; above !== undefined; above = above.parent) {
    names.push(own);
    own = above.name;
  }
  return names.reverse();
}

/** @returns the directory, or what is in its place */
function enter(parent: OpenDirectory, name: Buffer): OpenDirectory | "file" | "gone" | "mount" {
  try {
    const directory = opened(openSync(parent.at(name), asDirectory), parent, name);
    if (directory.mount === parent.mount) return directory;
    directory.deep.close();
    return "mount";
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    // Somebody put something else in its place.
    if (errno === "ENOTDIR" || errno === "ELOOP") return "file";
    // ESTALE is the same on a network file system.
    if (errno === "ENOENT" || errno === "ESTALE") return "gone";
    throw error;
  }
}

function opened(fd: number, parent: OpenDirectory | undefined, name: Buffer): OpenDirectory {
  const deep = new DeepDirectory(fd);
  try {
    const mount = mountOf(fd);
    const isEntered = parent === undefined || parent.mount === mount;
    const pending = isEntered ? entriesOf(`/proc/self/fd/${fd}`) : [];
    return { parent, name, at: (entry) => deep.at(entry), deep, mount, pending };
  } catch (error) {
    deep.close();
    throw error;
  }
}

function entriesOf(directory: string): TreeEntry[] {
  // Bytes and kinds at once.
  return readdirSync(directory, { encoding: "latin1", withFileTypes: true }).map((entry) => ({
    name: Buffer.from(entry.name, "latin1"),
    mayBeDirectory: !entry.isFile() && !entry.isSymbolicLink(),
  }));
}

/**
 * Goes back from a directory to the one above it, which may have been closed: then by `..`, if that is still the same.
 * @returns undefined where it is not; the walk goes on with the nearest one above that is open
 */
function backTo(stack: OpenDirectory[], from: OpenDirectory): OpenDirectory | undefined {
  const parent = stack.at(-1);
  if (parent === undefined || parent.deep.isOpen) return parent;
  if (parent.deep.resume(from.deep)) {
    if (mountOf(parent.deep.fd) === parent.mount) return parent;
    parent.deep.close();
  }
  while (stack.at(-1)?.deep.isOpen === false) stack.pop();
  return undefined;
}
