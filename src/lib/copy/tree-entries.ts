import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from "node:fs";
import { fileError, KpodError, ifThere } from "../errors";
import { keptAttributes } from "../system/extended-attributes";
import { DeepDirectory, levelToSuspend } from "../system/deep-directory";
import { isKernelFileSystem } from "../system/file-system-type";
import { O_PATH } from "../system/files";
import { shortPath } from "../system/paths";
import { shownPath, type CopyEntry, type PassedOver } from "./entry";

const forReading = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const asPlace = O_PATH | constants.O_NOFOLLOW;

/** What is to be copied: found already, so that nobody can put something else in its place. */
export interface TreeTop {
  /** Refers to it (O_PATH); whoever opened it closes it. */
  readonly fd: number;
  /** The text of a symbolic link. */
  readonly target?: string;
}

/** How a tree is read. */
export interface TreeReading {
  /** Gives the user and group of a file as they are where it comes from. */
  readonly owner: (stat: Stats) => { uid: number; gid: number };
  /** Told of what an archive or a copy cannot hold. */
  readonly passedOver: PassedOver;
  /** The path that errors begin with. */
  readonly shown: string;
}

interface Frame {
  /** With a slash at its end; "" for the top. */
  readonly path: string;
  readonly directory: DeepDirectory;
  readonly device: number;
  readonly names: string[];
}

/**
 * The entries of a tree, a directory before what is in it. Each is reached through the open directory that it is in, and
 * looked at before it is opened: whoever moves directories and links about meanwhile leads nobody out, and no device is
 * touched. What vanishes is passed over. Into file systems that the kernel makes up (`/proc`, `/sys`) the walk goes where
 * it begins in one, and from elsewhere not.
 * @throws KpodError CORRUPT, NOT_PERMITTED, IO
 */
export function* treeEntries(top: TreeTop, reading: TreeReading): Generator<CopyEntry, void> {
  const frames: Frame[] = [];
  /** The first name of a file that has several, with how many are still to come. */
  const links = new Map<string, { readonly path: string; left: number }>();

  function* entry(
    fd: number,
    path: string,
    readTarget: () => string | undefined,
  ): Generator<CopyEntry, void> {
    const stat = fstatSync(fd);
    const common = {
      ...reading.owner(stat),
      path,
      mode: stat.mode & 0o7777,
      mtime: stat.mtimeMs / 1000,
      size: 0,
    };
    const known = stat.nlink > 1 && stat.isFile() ? nextName(links, stat) : undefined;
    if (known !== undefined) yield { ...common, type: "link", target: known };
    else if (stat.isFile()) {
      const content = unlessGone(() => openSync(pathOf(fd), forReading));
      if (content === undefined) return;
      if (stat.nlink > 1) links.set(keyOf(stat), { path, left: stat.nlink - 1 });
      try {
        yield { ...common, type: "file", size: stat.size, attributes: keptAttributes(content), content };
      } finally {
        closeSync(content);
      }
    } else if (stat.isDirectory()) {
      const frame = opened(fd, path, stat);
      if (frame === undefined) return;
      frames.push(frame);
      const above = levelToSuspend(frames.length);
      if (above !== undefined) frames[above]?.directory.suspend();
      yield { ...common, type: "directory", attributes: keptAttributes(frame.directory.fd) };
    } else if (stat.isSymbolicLink()) {
      const target = readTarget();
      if (target !== undefined) yield { ...common, type: "symlink", target };
    } else if (stat.isSocket()) {
      reading.passedOver.sockets++;
    } else {
      const type = stat.isFIFO() ? "fifo" : stat.isBlockDevice() ? "block" : "character";
      yield { ...common, type, rdev: stat.rdev };
    }
  }

  function opened(fd: number, path: string, stat: Stats): Frame | undefined {
    const own = unlessGone(() => openSync(pathOf(fd), constants.O_RDONLY | constants.O_DIRECTORY));
    if (own === undefined) return undefined;
    const directory = new DeepDirectory(own);
    try {
      const above = frames.at(-1);
      const isLeft = above !== undefined && above.device !== stat.dev && isKernelFileSystem(own);
      const names = isLeft ? [] : directory.names();
      return { path: path === "" ? "" : `${path}/`, directory, device: stat.dev, names };
    } catch (error) {
      directory.close();
      throw error;
    }
  }

  function leave({ directory }: Frame): void {
    frames.pop();
    try {
      if (frames.at(-1)?.directory.resume(directory) === false)
        throw new KpodError("IO", `${reading.shown}: a directory was moved away while it was read`);
    } finally {
      directory.close();
    }
  }

  let path = "";
  try {
    yield* entry(top.fd, "", () => top.target);
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const name = frame.names.pop();
      if (name === undefined) {
        leave(frame);
        continue;
      }
      path = `${frame.path}${name}`;
      // The kernel lets none through; a file system that somebody else writes may try.
      if (name.includes("/") || name === "." || name === "..")
        throw new KpodError(
          "CORRUPT",
          `${reading.shown} holds a file of an impossible name: ${shownPath(name)}`,
        );
      const place = frame.directory.at(name);
      const fd = unlessGone(() => openSync(place, asPlace));
      if (fd === undefined) continue;
      try {
        yield* entry(fd, path, () => unlessGone(() => readlinkSync(place, "buffer"))?.toString("latin1"));
      } finally {
        closeSync(fd);
      }
    }
  } catch (error) {
    throw fileError(
      `cannot read ${reading.shown}${path === "" ? "" : `/${shortPath(shownPath(path))}`}`,
      error,
    );
  } finally {
    for (const { directory } of frames) directory.close();
  }
}

/** The first path of a file that has several, where that was copied. */
function nextName(
  links: Map<string, { readonly path: string; left: number }>,
  stat: Stats,
): string | undefined {
  const link = links.get(keyOf(stat));
  if (link !== undefined && --link.left <= 0) links.delete(keyOf(stat));
  return link?.path;
}

function keyOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function unlessGone<T>(read: () => T): T | undefined {
  return ifThere(read, "ELOOP", "ESTALE", "EINVAL", "ENXIO", "ESRCH");
}
