import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileError, ifThere, throwIfInterrupted } from "../errors";
import type { Logger } from "../logger";
import { attributeNames, keptAttributes, readAttribute } from "../system/extended-attributes";
import { O_PATH, closing } from "../system/files";
import { shortPath } from "../system/paths";
import { TarWriter, type TarEntry } from "../system/tar-writer";
import {
  closeLevels,
  leaveLevel,
  lookUpBeneath,
  lookUpLayered,
  namesIn,
  openLayers,
  suspendAbove,
  type LayerDirectory,
  type LayeredEntry,
  type Level,
} from "./layered-tree";

const forReading = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Entries, and MiB of files, between two looks at Ctrl-C. */
const atOnce = 64;

/** How a file system becomes an archive. */
export interface TarTreeOptions {
  /** Gives the user and group of a file as they are in the container. */
  readonly owner: (stat: Stats) => { uid: number; gid: number };
  readonly logger: Logger;
  /** Ends it with INTERRUPTED. */
  readonly signal?: AbortSignal | undefined;
  /** Paths from the root, of text, that alone are taken, each with the directories that it is in. */
  readonly only?: ReadonlySet<string> | undefined;
  /** Paths that are left out; what is in a directory is taken all the same. */
  readonly without?: ReadonlySet<string> | undefined;
}

interface Frame extends Level {
  /** With a slash at its end; "" for the top. Bytes as latin1. */
  readonly path: string;
  readonly names: Iterator<string>;
}

/**
 * Writes a file system of layers that lie over each other as a tar archive, as it would be seen if it were mounted.
 * Sockets are left out. What vanishes meanwhile is passed over.
 * @param paths directories of the layers, the uppermost first
 * @param write takes bytes that are used again once it returns
 * @returns how many files changed while they were read, each of which was told as a warning
 * @throws what `write` throws; KpodError NOT_PERMITTED, IO, INTERRUPTED
 */
export async function tarLayers(
  paths: readonly string[],
  write: (bytes: Uint8Array) => void,
  options: TarTreeOptions,
): Promise<number> {
  return new TreeArchive(write, options).run(paths);
}

class TreeArchive {
  private readonly tar: TarWriter;
  private readonly frames: Frame[] = [];
  /** The first name of a file that has several, with how many are still to come. */
  private readonly links = new Map<string, { readonly name: string; left: number }>();
  private tops: readonly LayerDirectory[] = [];
  private torn = 0;
  private steps = 0;
  private failedWrite: unknown;

  constructor(
    write: (bytes: Uint8Array) => void,
    private readonly options: TarTreeOptions,
  ) {
    this.tar = new TarWriter((bytes) => {
      try {
        write(bytes);
      } catch (error) {
        this.failedWrite = error;
        throw error;
      }
    });
  }

  async run(paths: readonly string[]): Promise<number> {
    let current = "";
    try {
      this.tops = openLayers(paths);
      this.enter("", this.tops);
      for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
        const next = frame.names.next();
        if (next.done === true) leaveLevel(this.frames);
        else {
          current = `${frame.path}${next.value}`;
          const added = this.add(frame, next.value);
          // Most entries are there at once, and to wait for nothing takes longer than to add them.
          if (added !== undefined) await added;
        }
        if (this.isTurn()) await this.pause();
      }
      this.tar.end();
      return this.torn;
    } catch (error) {
      if (error === this.failedWrite) throw error;
      throw fileError(`cannot read /${shown(current)} of the file system`, error);
    } finally {
      closeLevels(this.frames);
      for (const top of this.tops) top.close();
    }
  }

  private enter(path: string, directories: readonly LayerDirectory[]): void {
    this.frames.push({ path, directories, names: namesIn(directories).sort().values() });
    suspendAbove(this.frames);
  }

  private add(frame: Frame, name: string): Promise<void> | undefined {
    const entry = lookUpLayered(this.tops, frame.directories, name);
    if (entry === undefined) return undefined;
    const path = `${frame.path}${name}`;
    const { stat, parent } = entry;
    if (!this.isTaken(path)) {
      for (const directory of entry.directories) directory.close();
      return;
    }
    const isLeftOut = this.options.without?.has(`/${shown(path)}`) === true;
    if (stat.isDirectory()) {
      const [top] = entry.directories;
      if (top === undefined) return undefined;
      const attributes = keptAttributes(top.fd);
      if (!isLeftOut)
        this.tar.entry({ ...this.common(stat), type: "directory", name: `${path}/`, attributes });
      this.enter(`${path}/`, entry.directories);
      return undefined;
    }
    if (isLeftOut) return;
    const first = stat.nlink > 1 ? this.firstName(stat, path) : undefined;
    if (first !== undefined) {
      this.tar.entry({ ...this.common(stat), type: "link", name: path, target: first });
    } else if (stat.isFile()) {
      return this.addFile(frame, entry, name, path);
    } else if (stat.isSymbolicLink()) {
      const target = unlessGone(() => readlinkSync(parent.at(name), "buffer"))?.toString("latin1");
      if (target !== undefined) this.tar.entry({ ...this.common(stat), type: "symlink", name: path, target });
    } else {
      const type = stat.isFIFO()
        ? "fifo"
        : stat.isCharacterDevice()
          ? "character"
          : stat.isBlockDevice()
            ? "block"
            : undefined;
      if (type !== undefined) this.tar.entry({ ...this.common(stat), type, name: path, rdev: stat.rdev });
    }
    return undefined;
  }

  private isTaken(path: string): boolean {
    const { only } = this.options;
    return only === undefined || only.has(`/${shown(path)}`);
  }

  private async addFile(frame: Frame, entry: LayeredEntry, name: string, path: string): Promise<void> {
    const opened = unlessGone(() => openFile(entry.parent.at(name)));
    if (opened === undefined) return;
    const { fd, stat } = opened;
    let data: number | undefined = fd;
    try {
      const names = attributeNames(fd);
      if (names.includes(metadataOnly)) data = this.openData(frame.directories, entry.parent, fd, name);
      const { size } = stat;
      const attributes = keptAttributes(fd, names);
      this.tar.entry({ ...this.common(stat), type: "file", name: path, size, attributes });
      if (stat.nlink > 1) this.links.set(keyOf(stat), { name: path, left: stat.nlink - 1 });
      let left = size;
      while (left > 0) {
        const read = data === undefined ? 0 : this.tar.addFrom(data, left);
        if (read === 0) break;
        left -= read;
        if (this.isTurn()) await this.pause();
      }
      if (left > 0) {
        this.torn++;
        this.options.logger.warn(
          `/${shown(path)} became shorter while it was read: its last ${left} bytes are zeros in the archive`,
        );
        this.tar.addZeros(left);
      }
      this.tar.pad(size);
    } finally {
      closeSync(fd);
      if (data !== undefined && data !== fd) closeSync(data);
    }
  }

  /** Opens the content of a file of which a layer has the metadata alone. */
  private openData(
    directories: readonly LayerDirectory[],
    parent: LayerDirectory,
    fd: number,
    name: string,
  ): number | undefined {
    const redirect = readAttribute(fd, "trusted.overlay.redirect")?.toString("latin1");
    const own = redirect?.split("/").at(-1) ?? name;
    const open = (
      beneath: readonly LayerDirectory[],
      entry: LayeredEntry | undefined,
    ): number | undefined => {
      if (entry?.stat.isFile() !== true) return undefined;
      const found = unlessGone(() => openFile(entry.parent.at(own)))?.fd;
      if (found === undefined || !isMetadataOnly(found)) return found;
      try {
        return this.openData(beneath, entry.parent, found, own);
      } finally {
        closeSync(found);
      }
    };
    if (redirect?.startsWith("/") === true)
      return lookUpBeneath(this.tops, parent.rank, redirect, (entry) => open([], entry));
    const beneath = directories.slice(directories.indexOf(parent) + 1);
    return open(beneath, lookUpLayered(this.tops, beneath, own));
  }

  private common(stat: Stats): Pick<TarEntry, "gid" | "mode" | "mtime" | "size" | "uid"> {
    return { ...this.options.owner(stat), mode: stat.mode, mtime: Math.floor(stat.mtimeMs / 1000), size: 0 };
  }

  /** The name under which a file is in the archive already. */
  private firstName(stat: Stats, path: string): string | undefined {
    const key = keyOf(stat);
    const link = this.links.get(key);
    if (link === undefined) {
      if (!stat.isFile()) this.links.set(key, { name: path, left: stat.nlink - 1 });
      return undefined;
    }
    if (--link.left <= 0) this.links.delete(key);
    return link.name;
  }

  private isTurn(): boolean {
    return ++this.steps % atOnce === 0;
  }

  private async pause(): Promise<void> {
    await nextTurn();
    throwIfInterrupted(this.options.signal, "reading the file system");
  }
}

/** Opens a regular file alone: to open a device or a FIFO that a program has put in its place would do something by itself. */
function openFile(path: Buffer): { readonly fd: number; readonly stat: Stats } | undefined {
  return closing(openSync(path, O_PATH | constants.O_NOFOLLOW), (place) => {
    const stat = fstatSync(place);
    return stat.isFile() ? { fd: openSync(`/proc/self/fd/${place}`, forReading), stat } : undefined;
  });
}

function keyOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/** The attribute of a file whose content lies in a layer beneath. */
const metadataOnly = "trusted.overlay.metacopy";

function isMetadataOnly(fd: number): boolean {
  return readAttribute(fd, metadataOnly) !== undefined;
}

function shown(path: string): string {
  return shortPath(Buffer.from(path, "latin1").toString());
}

function unlessGone<T>(read: () => T): T | undefined {
  return ifThere(read, "ELOOP", "ESTALE", "EINVAL", "ENXIO");
}
