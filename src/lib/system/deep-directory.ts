import { closeSync, constants, fstatSync, openSync, readdirSync, type BigIntStats } from "node:fs";
import { ifThere } from "../errors";

/** How a directory is opened that must be no symbolic link to one. */
export const asDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * A directory on the way of a walk, opened by its name in the one above it: whoever moves directories and symbolic links about
 * meanwhile leads nobody elsewhere. It can be closed for as long as the walk is deep below it.
 */
export class DeepDirectory {
  private opened = true;
  private prefix: string;
  private identity: Pick<BigIntStats, "dev" | "ino"> | undefined;

  /** @param descriptor of a directory, which is closed with it */
  constructor(private descriptor: number) {
    this.prefix = prefixOf(descriptor);
  }

  get fd(): number {
    return this.descriptor;
  }

  get isOpen(): boolean {
    return this.opened;
  }

  /** The path of an entry for node's file functions; to be used at once. @param name bytes, or such as latin1 */
  at(name: Buffer | string): Buffer {
    if (typeof name === "string") return Buffer.from(this.prefix + name, "latin1");
    return Buffer.concat([Buffer.from(this.prefix), name]);
  }

  /** The names of all its entries, bytes as latin1. */
  names(): string[] {
    return readdirSync(this.prefix, "latin1");
  }

  close(): void {
    if (this.opened) closeSync(this.fd);
    this.opened = false;
  }

  /** Closes it for as long as a walk is deep below it. */
  suspend(): void {
    if (this.opened) this.identity = identityOf(this.fd);
    this.close();
  }

  /**
   * Opens it again, where it is closed.
   * @param below a directory that was opened in it
   * @returns false where that lies somewhere else by now
   */
  resume(below: DeepDirectory): boolean {
    if (this.opened) return true;
    const fd = openDirectory(below.at(".."));
    if (fd === undefined) return false;
    const { dev, ino } = identityOf(fd);
    if (dev !== this.identity?.dev || ino !== this.identity.ino) {
      closeSync(fd);
      return false;
    }
    this.descriptor = fd;
    this.prefix = prefixOf(fd);
    this.opened = true;
    return true;
  }
}

/** Levels that stay open from the top on, and as many where a walk is: a program makes trees of any depth. */
const openAtEachEnd = 32;

/** The level that is to be suspended now that a walk has come so deep; undefined as long as all may stay open. */
export function levelToSuspend(depth: number): number | undefined {
  const level = depth - 1 - openAtEachEnd;
  return level < openAtEachEnd ? undefined : level;
}

/**
 * Opens a directory, no symbolic link to one.
 * @returns undefined where it is gone, or no directory any more
 * @throws the error of the operating system
 */
export function openDirectory(path: Buffer | string): number | undefined {
  return ifThere(() => openSync(path, asDirectory), "ELOOP", "ESTALE");
}

/** In whole numbers: those of inodes have 64 bits, and as floating point two that lie close together were one. */
function identityOf(fd: number): Pick<BigIntStats, "dev" | "ino"> {
  return fstatSync(fd, { bigint: true });
}

function prefixOf(fd: number): string {
  return `/proc/self/fd/${fd}/`;
}
