import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  openSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { errnoOf, isNotFound, KpodError } from "../errors";
import { inheritLevel, isKeptAttribute, writeAttribute } from "../system/extended-attributes";
import { O_PATH, closing } from "../system/files";
import { checked, libc } from "../system/libc";
import { capabilitiesFor } from "./capabilities";
import { copyContent } from "./content";
import type { CopyEntry } from "./entry";
import type { Turns } from "./turns";

const asNewFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Bits that give a program rights of its owner or group. */
const rightsOfOwner = 0o6000;

/** What becomes of the owners and rights of what is written. */
export interface OwnerRules {
  /** Whose a file becomes, by the ids of where it is written. @throws KpodError for an id that there is not in the container */
  readonly owner: (entry: CopyEntry) => { uid: number; gid: number };
  /** True where a file may give the rights of its owner: setuid, setgid, capabilities. */
  readonly keepsRights: (entry: CopyEntry) => boolean;
  /** Who is root where it is written, by the ids of the node: 0 but for a container with a user namespace. */
  readonly root: number;
  /** True where files get the SELinux level of the directory that they are made in, as if a process of the container made them. */
  readonly inheritsLevel?: boolean;
}

/**
 * Makes a file, symbolic link, device or FIFO of a name that nobody has: whole, or not at all.
 * @param directory an open one
 * @param name bytes as latin1
 * @throws the error of the operating system, EEXIST where there is something; KpodError
 */
export async function writeNew(
  directory: number,
  name: string,
  entry: CopyEntry,
  rules: OwnerRules,
  turns: Turns,
): Promise<void> {
  const path = Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), Buffer.from(name, "latin1")]);
  const { type } = entry;
  if (type === "file") {
    const fd = openSync(path, asNewFile, 0o600);
    try {
      if (rules.inheritsLevel === true) inheritLevel(directory, fd);
      await copyContent(entry, fd, turns);
      become(fd, entry, rules);
    } catch (error) {
      unlinkIfThere(path);
      throw error;
    } finally {
      closeSync(fd);
    }
    return;
  }
  if (type === "symlink") symlinkSync(Buffer.from(entry.target ?? "", "latin1"), path);
  else if (type === "fifo" || type === "block" || type === "character")
    makeNode(directory, Buffer.from(name, "latin1"), type, entry.rdev);
  else throw new Error(`a ${type} is written elsewhere`);
  try {
    becomeInPlace(path, entry, rules);
  } catch (error) {
    unlinkIfThere(path);
    throw error;
  }
}

/** Gives an open file or directory its owner, attributes, mode and time, in the order in which none takes another away. */
export function become(fd: number, entry: CopyEntry, rules: OwnerRules): void {
  const { uid, gid } = rules.owner(entry);
  const keepsRights = entry.type === "directory" || rules.keepsRights(entry);
  fchownSync(fd, uid, gid);
  for (const [name, value] of entry.attributes ?? []) {
    if (name.startsWith("user.")) writeAttribute(fd, name, value);
    else if (isKeptAttribute(name) && keepsRights)
      writeAttribute(fd, name, capabilitiesFor(value, rules.root));
  }
  fchmodSync(fd, keepsRights ? entry.mode : entry.mode & ~rightsOfOwner);
  futimesSync(fd, Date.now() / 1000, timeOf(entry));
}

/** The same for what cannot be opened, through a descriptor that only refers to it. */
function becomeInPlace(path: Buffer, entry: CopyEntry, rules: OwnerRules): void {
  closing(openSync(path, O_PATH | constants.O_NOFOLLOW), (fd) => {
    const made = `/proc/self/fd/${fd}`;
    const { uid, gid } = rules.owner(entry);
    chownSync(made, uid, gid);
    // A link has no mode of its own. Whatever somebody has put in its place gets none that gives rights.
    if (!fstatSync(fd).isSymbolicLink()) chmodSync(made, entry.mode & ~rightsOfOwner);
    utimesSync(made, Date.now() / 1000, timeOf(entry));
  });
}

/** Node takes a negative number for now, and a date for what it is. */
function timeOf({ mtime }: CopyEntry): number | Date {
  return mtime < 0 ? new Date(mtime * 1000) : mtime;
}

/** Removes a file; one that is not there is fine. */
export function unlinkIfThere(path: Buffer): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isNotFound(error) && errnoOf(error) !== "EISDIR") throw error;
  }
}

/** mknodat(2) has a number of its own on each architecture; those that came late have arm64's. */
const numbers: Partial<Record<NodeJS.Architecture, number>> = {
  x64: 259,
  arm64: 33,
  riscv64: 33,
  loong64: 33,
  arm: 324,
  ia32: 297,
  ppc64: 288,
  s390x: 290,
};

const kinds = { block: constants.S_IFBLK, character: constants.S_IFCHR, fifo: constants.S_IFIFO } as const;

/**
 * Makes a device or a FIFO, which nobody but root can open.
 * @param name in the directory: one part of a path
 * @param device its number, as stat(2) has it
 * @throws KpodError UNSUPPORTED on a machine whose kernel kpod does not know; an error of the operating system
 */
function makeNode(directory: number, name: Buffer, kind: keyof typeof kinds, device = 0): void {
  const number = numbers[process.arch];
  if (number === undefined)
    throw new KpodError("UNSUPPORTED", `kpod makes no devices and FIFOs on ${process.arch}`);
  const path = Buffer.concat([name, Buffer.from([0])]);
  const mode = kinds[kind] | 0o600;
  checked("mknodat", libc().syscallWithPathAndNumbers(number, directory, path, mode, device));
}
