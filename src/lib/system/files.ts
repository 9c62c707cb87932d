import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
  type Stats,
} from "node:fs";
import { basename } from "node:path";
import { errnoOf, errorMessage, fileError, isNotFound, KpodError, ifThere, orFileError } from "../errors";
import { randomBytes } from "./random";

/** Bytes that a file can have, by what it is: what is larger is none of its kind, and would only eat memory. */
export const fileLimits = {
  /** containers.json, layers.json and their like: a container's record has 1 to 2 KiB. */
  records: 256 * 1024 * 1024,
  /** config.json and state.json of a container. The kernel takes 128 KiB of an argument, a runtime any annotation. */
  spec: 64 * 1024 * 1024,
  /** crio.conf, storage.conf, hooks. */
  config: 4 * 1024 * 1024,
  /** Manifests and configurations of images; registries take 4 MiB of the first. */
  imageData: 64 * 1024 * 1024,
  /** /etc/passwd and /etc/group of an image. */
  passwd: 16 * 1024 * 1024,
  /** `lower` of a layer: 30 bytes for each of those beneath it. */
  lower: 1024 * 1024,
  /** A word or a number: pids, exit codes, versions, links. */
  word: 4 * 1024,
  /** What the kernel tells of processes and cgroups. */
  kernel: 64 * 1024 * 1024,
} as const;

/**
 * Replaces a file so that a reader sees the old one or the new one whole, also after a crash: written
 * beside it, synced, renamed over it. The temporary file is removed when anything fails.
 */
export function writeFileAtomic(path: string, data: string | Buffer, mode: number): void {
  requireReplaceable(path);
  const temporary = `${path}.tmp-${randomBytes(6).toString("hex")}`;
  try {
    closing(openSync(temporary, "wx", mode), (fd) => {
      const bytes = typeof data === "string" ? Buffer.from(data) : data;
      let written = 0;
      while (written < bytes.length) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
    });
    renameSync(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    throw fileError(`cannot write ${path}`, error);
  }
}

/** To rename a file over /dev/null would take it from the whole machine. */
function requireReplaceable(path: string): void {
  const present = lstatSync(path, { throwIfNoEntry: false });
  if (present === undefined || present.isFile() || present.isSymbolicLink() || present.isDirectory()) return;
  throw new KpodError("IO", `cannot write ${path}: it is a ${kindOf(present)}`, {
    hint: "name a regular file",
  });
}

/** True for the name that {@link writeFileAtomic} gives to what it writes beside a file. */
export function isTemporaryOf(name: string, path: string): boolean {
  const prefix = `${basename(path)}.tmp-`;
  return name.startsWith(prefix) && /^[0-9a-f]{12}$/.test(name.slice(prefix.length));
}

/**
 * The names in a directory; none of one that is not there.
 * @param shown what messages call it
 * @throws KpodError NOT_PERMITTED, IO
 */
export function namesInDirectory(directory: string, shown = directory): string[] {
  return orFileError(`cannot read ${shown}`, () => ifThere(() => readdirSync(directory)) ?? []);
}

/** Refers to a file without opening it: no device is touched, no FIFO waited for. See open(2). */
export const O_PATH = 0o10000000;

/** Uses a file that is open, and closes it however that ends. */
export function closing<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** A regular file that is open. */
export interface OpenFile {
  readonly fd: number;
  readonly stat: Stats;
}

/**
 * Opens a regular file. Whatever else lies in its place, a FIFO that nobody writes to for example, makes nobody wait.
 * @param flags how it is opened; for reading where left out
 * @throws KpodError CORRUPT that says what it is; else the error of the operating system
 */
export function openRegularFile(path: string, flags: number = constants.O_RDONLY, mode?: number): OpenFile {
  const fd = openOrSay(path, flags, mode);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() && !isNullDevice(stat)) throw notRegular(path, stat);
    return { fd, stat };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openOrSay(path: string, flags: number, mode?: number): number {
  try {
    return openSync(path, flags | constants.O_NONBLOCK | constants.O_NOCTTY, mode);
  } catch (error) {
    // What open(2) says of a socket, or of a device that no driver has.
    if (errnoOf(error) !== "ENXIO") throw error;
    throw new KpodError("CORRUPT", `${path} is a socket or a device, not a regular file`, { cause: error });
  }
}

/** The error for what is no regular file. */
export function notRegular(path: string, stat: Stats): KpodError {
  return new KpodError("CORRUPT", `${path} is a ${kindOf(stat)}, not a regular file`, {
    hint: "move it away",
  });
}

/** What something is that is no regular file. */
export function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return "directory";
  if (stat.isFIFO()) return "FIFO";
  if (stat.isSocket()) return "socket";
  return stat.isSymbolicLink() ? "symbolic link" : "device";
}

/** /dev/null stands for an empty file wherever somebody links to it. */
export function isNullDevice(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0x103;
}

/**
 * Reads all of a regular file.
 * @param limit bytes that a file of its kind can have, see {@link fileLimits}
 * @throws KpodError CORRUPT when it is no regular file or larger; else the error of the operating system
 */
export function readRegularFile(path: string, limit: number): Buffer {
  const { fd, stat } = openRegularFile(path);
  try {
    return readWhole(fd, path, stat.size, limit);
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads what an open file has from its beginning on.
 * @param size bytes that it seems to have; those of the kernel have 0, and any may grow
 * @throws KpodError CORRUPT when there is more than the limit; else the error of the operating system
 */
export function readWhole(fd: number, path: string, size: number, limit: number): Buffer {
  if (size > limit) throw tooLarge(path, limit);
  // A byte more than there is, so that its end is seen at once.
  let bytes = Buffer.allocUnsafe(Math.min(size, limit) + (size === 0 ? 4096 : 1));
  let length = 0;
  for (;;) {
    const count = readSync(fd, bytes, length, bytes.length - length, length);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
    if (length > limit) throw tooLarge(path, limit);
    if (length === bytes.length)
      bytes = Buffer.concat([bytes, Buffer.allocUnsafe(Math.min(length, limit) + 1)]);
  }
}

function tooLarge(path: string, limit: number): KpodError {
  const most = limit >= 1024 * 1024 ? `${limit / 1024 / 1024} MiB` : `${limit / 1024} KiB`;
  return new KpodError("CORRUPT", `${path} is larger than ${most}, which no file of its kind is`, {
    hint: "move it away",
  });
}

/**
 * The text of a regular file.
 * @throws KpodError CORRUPT when it is no regular file or larger than the limit; else the error of the operating system
 */
export function readRegularText(path: string, limit: number, encoding: "utf8" | "latin1" = "utf8"): string {
  return readRegularFile(path, limit).toString(encoding);
}

/**
 * The text of a regular file, undefined when it is not there.
 * @param limit bytes that a file of its kind can have
 * @throws KpodError CORRUPT when it is no regular file or too large; NOT_PERMITTED, IO
 */
export function readTextIfThere(path: string, limit: number = fileLimits.spec): string | undefined {
  return orFileError(`cannot read ${path}`, () => ifThere(() => readRegularText(path, limit)));
}

/** The bytes of a regular file, none when it is not there. @throws KpodError as {@link readTextIfThere} */
export function readBytesIfThere(path: string, limit: number = fileLimits.spec): Buffer {
  return orFileError(
    `cannot read ${path}`,
    () => ifThere(() => readRegularFile(path, limit)) ?? Buffer.alloc(0),
  );
}

/**
 * Parses the JSON text of a file.
 * @param hint the remedy for one that is torn
 * @throws KpodError CORRUPT that names the file when the text is not JSON
 */
export function parseJson(
  path: string,
  text: string,
  hint = "restore the file from a backup or move it away",
): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KpodError("CORRUPT", `${path} does not hold valid JSON: ${errorMessage(error)}`, {
      hint,
      cause: error,
    });
  }
}

/** True for what JSON calls an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Makes a directory, and those above it, where they are not there.
 * @throws KpodError IO, NOT_PERMITTED
 */
export function makeDirectories(path: string, mode?: number): void {
  try {
    mkdirSync(path, { recursive: true, mode });
  } catch (error) {
    // What is there then is no directory; a link that leads nowhere is none either.
    const inTheWay = errnoOf(error) === "EEXIST";
    throw inTheWay
      ? new KpodError("IO", `cannot make the directory ${path}: what is there is no directory`, {
          cause: error,
        })
      : fileError(`cannot make the directory ${path}`, error);
  }
}

/** Removes a directory when nothing is in it; one that is not there is fine. */
export function removeDirectoryIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY" && !isNotFound(error)) throw error;
  }
}

/**
 * Removes a file or a link, or with `recursive` a directory with all in it; what is not there is fine, on a file system
 * that can only be read, too.
 * @throws the error of the operating system
 */
export function removeIfThere(path: string, { recursive = false }: { recursive?: boolean } = {}): void {
  // Where nothing may be removed, the kernel says so before it looks whether there is anything.
  if (ifThere(() => lstatSync(path)) === undefined) return;
  rmSync(path, { recursive, force: true });
}
