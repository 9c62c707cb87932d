import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { fileError, isNotFound, KpodError, ifThere, orFileError } from "../errors";
import { bytesOf } from "../copy/entry";
import { O_PATH, closing } from "../system/files";
import { openInRoot } from "../system/open-in-root";
import { absolutePath } from "../system/paths";

/** As many as the kernel follows. */
const mostLinks = 40;

/** Where paths of one end of a copy lead: the node's file system, or a container's. */
export interface PathSpace {
  /** Opens what a path means (O_PATH). @throws the error of the operating system; KpodError */
  readonly open: (path: string, follow: boolean) => number;
  /** A path as errors tell it. */
  readonly shown: (path: string) => string;
}

/** A path as somebody wrote it. */
export interface WrittenPath {
  /** Absolute, without `.`, `..` and slashes at its end. */
  readonly path: string;
  /** The content of the directory is meant: it ends with `/.`, or is `.` or `/`. */
  readonly contents: boolean;
  /** A directory is meant: it ends with a slash, or with `/.`. */
  readonly directory: boolean;
}

/** The file system of the node. */
export const nodeSpace: PathSpace = {
  open: (path, follow) => openSync(path, O_PATH | (follow ? 0 : constants.O_NOFOLLOW)),
  shown: (path) => path,
};

/** The file system of a container. */
export function containerSpace(root: number, name: string): PathSpace {
  return {
    open: (path, follow) => openInRoot(`/proc/self/fd/${root}`, path, { follow }),
    shown: (path) => `${name}:${path}`,
  };
}

/**
 * Reads a path of the node, relative to the working directory; of a container, from its root.
 * @throws KpodError BAD_ARGUMENT for a relative path in a directory that is gone
 */
export function readPath(text: string, ofContainer: boolean): WrittenPath {
  const path = ofContainer ? posix.resolve("/", text) : absolutePath("the path", text);
  const contents = /(^|\/)\.$/.test(text) || path === "/";
  return { path, contents, directory: contents || text.endsWith("/") };
}

/** What is to be copied. */
export interface FoundSource {
  /** Refers to it (O_PATH), for the caller to close. */
  readonly fd: number;
  readonly stat: Stats;
  /** What it is called where it goes, bytes as latin1. */
  readonly name: string;
  /** The text of a symbolic link. */
  readonly target?: string;
}

/**
 * Finds what is to be copied. A symbolic link at the end of the path is copied itself, unless it stands for a directory.
 * @throws KpodError NOT_FOUND, BAD_ARGUMENT, NOT_PERMITTED, IO
 */
export function findSource(space: PathSpace, written: WrittenPath, followLink: boolean): FoundSource {
  const { path, directory } = written;
  const fd = opened(space, path, followLink || directory);
  try {
    const stat = fstatSync(fd);
    if (directory && !stat.isDirectory()) throw notDirectory(space, path);
    const name = bytesOf(posix.basename(path));
    return { fd, stat, name, ...(stat.isSymbolicLink() ? { target: readTarget(space, path) } : {}) };
  } catch (error) {
    closeSync(fd);
    throw fileError(`cannot read ${space.shown(path)}`, error);
  }
}

function readTarget(space: PathSpace, path: string): string {
  return closing(space.open(posix.dirname(path), true), (parent) =>
    readlinkSync(`/proc/self/fd/${parent}/${posix.basename(path)}`, "buffer").toString("latin1"),
  );
}

/** What there is at the place where a copy goes. */
export type FoundTarget =
  | { readonly kind: "directory"; readonly fd: number; readonly path: string }
  /** A file, or nothing yet: the directory that it is in, and its name there, bytes as latin1. */
  | {
      readonly kind: "absent" | "file";
      readonly fd: number;
      readonly path: string;
      readonly name: string;
    };

/**
 * Finds where a copy goes; of a symbolic link, where that leads. The caller closes the descriptor.
 * @throws KpodError NOT_FOUND where the directory is missing, BAD_ARGUMENT, NOT_PERMITTED, IO
 */
export function findTarget(space: PathSpace, written: WrittenPath): FoundTarget {
  let { path } = written;
  for (let links = 0; links <= mostLinks; links++) {
    const found = openIfThere(space, path);
    if (found !== undefined && fstatSync(found).isDirectory()) return { kind: "directory", fd: found, path };
    if (found !== undefined) closeSync(found);
    if (written.directory) {
      throw found === undefined ? notFound(space, path) : notDirectory(space, path);
    }
    const parentPath = dirOf(path);
    const fd = opened(space, parentPath, true);
    try {
      if (!fstatSync(fd).isDirectory()) throw notDirectory(space, parentPath);
      const last = path.slice(path.lastIndexOf("/") + 1);
      // Of a link that leads nowhere.
      if (["", ".", ".."].includes(last)) throw notFound(space, path);
      const link = linkIfOne(`/proc/self/fd/${fd}/${last}`);
      if (link === undefined)
        return { kind: found === undefined ? "absent" : "file", fd, path: parentPath, name: bytesOf(last) };
      // Not put together by its letters: `..` goes up from where links have led.
      path = link.startsWith("/") ? link : `${parentPath}/${link}`;
      path = path.replace(/(.)\/+$/, "$1");
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
  throw new KpodError("BAD_ARGUMENT", `too many symbolic links in ${space.shown(written.path)}`);
}

function dirOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function linkIfOne(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // No link, or nothing.
    return undefined;
  }
}

function openIfThere(space: PathSpace, path: string): number | undefined {
  return orFileError(`cannot open ${space.shown(path)}`, () => ifThere(() => space.open(path, true)));
}

function opened(space: PathSpace, path: string, follow: boolean): number {
  try {
    return space.open(path, follow);
  } catch (error) {
    if (isNotFound(error)) throw notFound(space, path, error);
    throw fileError(`cannot open ${space.shown(path)}`, error);
  }
}

function notFound(space: PathSpace, path: string, cause?: unknown): KpodError {
  return new KpodError("NOT_FOUND", `${space.shown(path)}: no such file or directory`, { cause });
}

function notDirectory(space: PathSpace, path: string): KpodError {
  return new KpodError("BAD_ARGUMENT", `${space.shown(path)} is not a directory`);
}
