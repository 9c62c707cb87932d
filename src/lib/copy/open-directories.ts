import { constants, lstatSync, mkdirSync, openSync, renameSync, type Stats } from "node:fs";
import { errnoOf, fileError, isNotFound, KpodError } from "../errors";
import { asDirectory, DeepDirectory, levelToSuspend } from "../system/deep-directory";
import { isKernelFileSystem } from "../system/file-system-type";
import { shortPath } from "../system/paths";
import { randomBytes } from "../system/random";
import { removeTree } from "../system/remove-tree";
import { shownPath, type CopyEntry, type PassedOver } from "./entry";
import type { Turns } from "./turns";
import { inheritLevel } from "../system/extended-attributes";
import { become, type OwnerRules } from "./write-entry";

/** Where a tree is written. */
export interface TreePlace {
  /** An open directory; whoever opened it closes it. */
  readonly directory: number;
  /** What the top is called there, bytes as latin1; undefined where all goes into the directory itself. */
  readonly top: string | undefined;
  /** The path of the directory, as errors tell it. */
  readonly shown: string;
}

/** How a tree is written. */
export interface TreeWriting extends OwnerRules {
  /** False leaves devices out. */
  readonly devices: boolean;
  readonly passedOver: PassedOver;
  readonly turns: Turns;
  /**
   * Opens the directory that a path from the place means, where a part of it is a symbolic link that was there before. Given
   * for archives alone, whose entries come in any order; else no link is followed.
   */
  readonly openDirectory?: ((path: string) => number) | undefined;
}

/** A directory on the way to where something is written. */
export class OpenDirectory extends DeepDirectory {
  /**
   * @param path from the place; "" for that itself
   * @param isNew where all that is in it was written by this copy
   * @param becomes what it is to be once all is in it; undefined for one that was there
   */
  constructor(
    descriptor: number,
    readonly path: string,
    readonly isNew: boolean,
    readonly becomes: CopyEntry | undefined,
  ) {
    super(descriptor);
  }
}

/**
 * The directories that lead to where a copy writes at the moment, each opened below the one before it. A directory that is
 * there already stays as it is; one that is not is written beside its name until it is whole, where it is the top.
 */
export class OpenDirectories {
  private readonly open: OpenDirectory[] = [];
  /** The name under which the top is written until it is whole, where it is a directory that was not there. */
  private staged: string | undefined;
  /** The directories that an archive made, and what they are to be: more may come into them later. */
  private readonly made = new Map<string, CopyEntry>();
  /** The symbolic links that an archive made, which lead it nowhere. */
  private readonly madeLinks = new Set<string>();

  /** @throws KpodError BAD_ARGUMENT for a place that holds no data; IO */
  constructor(
    private readonly place: TreePlace,
    private readonly writing: TreeWriting,
  ) {
    try {
      const fd = openSync(`/proc/self/fd/${place.directory}`, constants.O_RDONLY | constants.O_DIRECTORY);
      this.push("", fd, false, undefined);
    } catch (error) {
      this.close();
      throw this.failed("", error);
    }
  }

  private close(): void {
    for (const directory of this.open.splice(0)) directory.close();
  }

  shown(path: string): string {
    const { shown } = this.place;
    return path === "" ? shown : `${shown.replace(/\/$/, "")}/${shortPath(shownPath(path))}`;
  }

  failed(path: string, error: unknown): KpodError {
    return fileError(`cannot write ${this.shown(path)}`, error);
  }

  /** Leaves all of them, and gives the top its name. */
  finish(): void {
    while (this.open.length > 1) this.leave();
    if (this.staged !== undefined) {
      const base = this.current();
      renameSync(base.at(this.staged), base.at(this.place.top ?? ""));
      this.staged = undefined;
    }
    this.close();
  }

  /** Removes the top that is not whole. */
  abandon(): void {
    const [base] = this.open;
    try {
      if (this.staged !== undefined && base !== undefined)
        removeTree(base.at(this.staged).toString("latin1"));
    } finally {
      this.close();
    }
  }

  private current(): OpenDirectory {
    const last = this.open.at(-1);
    if (last === undefined) throw new Error("a copy is written to after its end");
    return last;
  }

  private push(path: string, fd: number, isNew: boolean, becomes: CopyEntry | undefined): OpenDirectory {
    const directory = new OpenDirectory(fd, path, isNew, becomes);
    this.open.push(directory);
    this.suspendAbove();
    // Writing there would change the machine, whoever made a link lead there.
    if (!isNew && isKernelFileSystem(fd))
      throw new KpodError(
        "BAD_ARGUMENT",
        `cannot write into ${this.shown(path)}: what is in it is made by the kernel`,
      );
    return directory;
  }

  /** Closes one that is far from both ends, if the one in it is sure to lead back: no symbolic link led there. */
  private suspendAbove(): void {
    const level = levelToSuspend(this.open.length);
    if (level === undefined) return;
    if (this.writing.openDirectory === undefined || this.open[level + 1]?.isNew === true)
      this.open[level]?.suspend();
  }

  /** Opens a directory by the names that lead to it; those of which it is no part are left. */
  enter(path: string): OpenDirectory {
    for (let { path: above } = this.current(); !isWithin(above, path); { path: above } = this.current())
      this.leave();
    const { path: from } = this.current();
    for (const name of path.slice(from.length).split("/"))
      if (name !== "") this.descend(this.current(), name);
    return this.current();
  }

  private leave(): void {
    const directory = this.open.pop();
    if (directory === undefined) return;
    try {
      if (directory.becomes !== undefined) become(directory.fd, directory.becomes, this.writing);
      if (this.open.at(-1)?.resume(directory) === false)
        throw new KpodError("IO", `${this.shown(directory.path)} was moved away while it was written`);
    } finally {
      directory.close();
    }
  }

  /** Goes into a directory of which no entry may have told yet: archives need not. */
  private descend(parent: OpenDirectory, name: string): void {
    const path = joined(parent.path, name);
    const fd = this.openBelow(parent, name, path);
    if (fd !== undefined) {
      this.push(path, fd, this.made.has(path), this.made.get(path));
      return;
    }
    const mtime = Date.now() / 1000;
    this.makeDirectory(parent, path, name, {
      ...{ type: "directory", path, mode: 0o755, uid: 0, gid: 0, mtime, size: 0 },
    });
  }

  /** @returns undefined where there is nothing of the name */
  private openBelow(parent: DeepDirectory, name: string, path: string): number | undefined {
    const place = parent.at(name);
    try {
      return openSync(place, asDirectory);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") return undefined;
      if (errno !== "ENOTDIR" && errno !== "ELOOP") throw error;
      const stat = lstatSync(place);
      const { openDirectory } = this.writing;
      if (openDirectory === undefined || !stat.isSymbolicLink() || this.madeLinks.has(identityOf(stat)))
        throw this.inTheWay(path, stat);
      return openDirectory(path);
    }
  }

  /** Goes into the directory of an entry, which is made where it is not there. */
  enterNew(parent: OpenDirectory, path: string, name: string, entry: CopyEntry): void {
    const present = lstatSync(parent.at(name), { throwIfNoEntry: false });
    if (present === undefined) {
      this.makeDirectory(parent, path, name, entry);
      return;
    }
    if (!present.isDirectory()) throw this.inTheWay(path, present);
    const isMade = this.made.has(path);
    if (isMade) this.made.set(path, entry);
    this.push(path, openSync(parent.at(name), asDirectory), isMade, isMade ? entry : undefined);
  }

  private makeDirectory(parent: OpenDirectory, path: string, name: string, entry: CopyEntry): void {
    const isTop = path === this.place.top;
    const written = isTop ? temporaryName() : name;
    mkdirSync(parent.at(written), { mode: 0o700 });
    if (isTop) this.staged = written;
    if (this.writing.openDirectory !== undefined) this.made.set(path, entry);
    const made = openSync(parent.at(written), asDirectory);
    this.push(path, made, true, entry);
    if (this.writing.inheritsLevel === true) inheritLevel(parent.fd, made);
  }

  /** Keeps in mind a symbolic link of an archive, which leads it nowhere. */
  addLink(parent: OpenDirectory, name: string): void {
    if (this.writing.openDirectory !== undefined) this.madeLinks.add(identityOf(lstatSync(parent.at(name))));
  }

  /**
   * Uses a file that is there by its place, which is reached from the first directory on.
   * @throws KpodError BAD_ARGUMENT where there is none
   */
  withFile(path: string, use: (place: Buffer) => void): void {
    const names = path.split("/");
    const last = names.pop() ?? "";
    const [base] = this.open;
    let parent: DeepDirectory = base ?? this.current();
    try {
      let above = "";
      for (const name of names) {
        above = joined(above, name);
        const written = above === this.place.top ? (this.staged ?? name) : name;
        const fd = this.openBelow(parent, written, above);
        if (fd === undefined) throw this.noTarget(path);
        if (parent !== base) parent.close();
        parent = new DeepDirectory(fd);
      }
      use(parent.at(last));
    } catch (error) {
      throw isNotFound(error) ? this.noTarget(path) : error;
    } finally {
      if (parent !== base) parent.close();
    }
  }

  private inTheWay(path: string, stat: Stats): KpodError {
    const kind = stat.isSymbolicLink() ? "a symbolic link" : "no directory";
    return new KpodError("BAD_ARGUMENT", `cannot write a directory to ${this.shown(path)}: ${kind} is there`);
  }

  private noTarget(target: string): KpodError {
    return new KpodError("BAD_ARGUMENT", `cannot link to ${this.shown(target)}: no such file`);
  }
}

function isWithin(above: string, path: string): boolean {
  return above === "" || path === above || path.startsWith(`${above}/`);
}

/** A path below another. */
export function joined(parent: string, name: string): string {
  return parent === "" || name === "" ? parent + name : `${parent}/${name}`;
}

/** A name that nobody has. */
export function temporaryName(): string {
  return `.kpod-cp-${randomBytes(8).toString("hex")}`;
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
