/*
 * An archive of a checkpoint comes from anywhere: of its members those are taken that are known, each of them once and a
 * plain file, and none of its names becomes a path before it was looked at.
 */
import { closeSync, constants, openSync, read, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { shownPath } from "../copy/entry";
import { errorMessage, fileError, KpodError, orFileError, throwIfInterrupted } from "../errors";
import type { Spec } from "../oci/spec";
import { fileLimits, isRecord, openRegularFile } from "../system/files";
import { shortPath } from "../system/paths";
import { readTar, type ReadTarEntry } from "../system/tar-reader";
import {
  damaged,
  inventory,
  members,
  readBindMounts,
  readConfig,
  readDeletedFiles,
  type BindMount,
  type CheckpointConfig,
} from "./format";

const MiB = 1024 * 1024;

/** Bytes that a member can have that is read whole. */
const limits: Readonly<Record<string, number>> = {
  [members.config]: MiB,
  [members.spec]: fileLimits.spec,
  [members.bindMounts]: 16 * MiB,
  [members.deletedFiles]: 64 * MiB,
};

/** More files criu makes of no container: a few for each process. */
const mostImages = 1_000_000;

/** What an archive of a checkpoint tells before anything of it is used. */
export interface CheckpointArchive {
  readonly path: string;
  readonly config: CheckpointConfig;
  /** The spec of the container that it was made of. */
  readonly spec: Spec;
  /** What of the node was mounted in it. */
  readonly bindMounts: readonly BindMount[];
  /** Paths from its root that it had removed from its image. */
  readonly deletedFiles: readonly string[];
  /** Bytes of what is unpacked beside the container. */
  readonly size: number;
}

/** What becomes of the large members of an archive. */
export interface Unpacking {
  /** An empty directory for the images of criu. */
  readonly images: string;
  /** Takes the tar archive of the files that the container had changed. */
  readonly rootDiff: (bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  /** Takes the log. */
  readonly log: (bytes: AsyncIterable<Uint8Array>) => Promise<void>;
}

/** An archive that is open: it is the same file for as long. */
export interface OpenCheckpointArchive extends CheckpointArchive {
  /** Unpacks it. @throws KpodError as {@link openCheckpointArchive}; NOT_PERMITTED */
  readonly unpack: (into: Unpacking) => Promise<void>;
  readonly close: () => void;
}

/**
 * Opens an archive, and reads through it once.
 * @throws KpodError BAD_ARGUMENT for what is no archive of a checkpoint, or one that would write elsewhere; CORRUPT for one
 * that is damaged; IO, NOT_PERMITTED, INTERRUPTED
 */
export async function openCheckpointArchive(
  path: string,
  signal?: AbortSignal,
): Promise<OpenCheckpointArchive> {
  const { fd } = orFileError(`cannot read ${path}`, () => openRegularFile(path));
  try {
    const archive = await named(path, () => readThrough(path, fd, signal));
    return {
      ...archive,
      unpack: (into) => named(path, () => unpackTo(fd, into, signal)),
      close: () => {
        closeSync(fd);
      },
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Has errors name the archive, which those of tar archives do not. */
async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOfArchive =
      error instanceof KpodError && ["BAD_ARGUMENT", "CORRUPT", "UNSUPPORTED"].includes(error.code);
    if (!isOfArchive || error.message.startsWith(path)) throw error;
    throw new KpodError(error.code, `${path}: ${error.message}`, { cause: error, hint: error.hint });
  }
}

async function readThrough(
  path: string,
  fd: number,
  signal: AbortSignal | undefined,
): Promise<CheckpointArchive> {
  const texts = new Map<string, unknown>();
  const seen = new Set<string>();
  let size = 0;
  for await (const { name, entry } of membersOf(fd, signal)) {
    seen.add(name);
    const limit = limits[name];
    if (limit !== undefined) texts.set(name, await readJson(name, entry, limit));
    else size += entry.size;
  }
  for (const name of [members.config, members.spec, `${members.images}/${inventory}`]) {
    if (seen.has(name)) continue;
    throw new KpodError("BAD_ARGUMENT", `this is no archive of a checkpoint: there is no ${name} in it`, {
      hint: "name a file that checkpoint --export, the kubelet or crictl checkpoint has made",
    });
  }
  const spec = texts.get(members.spec);
  if (!isSpec(spec)) throw damaged(`its ${members.spec} is no spec of a container`);
  return {
    path,
    config: readConfig(texts.get(members.config)),
    spec,
    bindMounts: readBindMounts(texts.get(members.bindMounts)),
    deletedFiles: seen.has(members.deletedFiles) ? readDeletedFiles(texts.get(members.deletedFiles)) : [],
    size,
  };
}

async function unpackTo(
  fd: number,
  { images, rootDiff, log }: Unpacking,
  signal: AbortSignal | undefined,
): Promise<void> {
  const prefix = `${members.images}/`;
  for await (const { name, entry } of membersOf(fd, signal)) {
    if (name === members.rootDiff) await rootDiff(entry.content);
    else if (name === members.log) await log(entry.content);
    else if (name.startsWith(prefix)) await writeFile(join(images, name.slice(prefix.length)), entry.content);
  }
}

/** Writes a new file. @throws KpodError IO, NOT_PERMITTED */
export async function writeFile(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    for await (const bytes of content)
      for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
  } catch (error) {
    throw fileError(`cannot write ${path}`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

interface Member {
  readonly name: string;
  readonly entry: ReadTarEntry;
}

/** The members that are known. */
async function* membersOf(fd: number, signal: AbortSignal | undefined): AsyncGenerator<Member, void> {
  const seen = new Set<string>();
  for await (const entry of readTar(bytesOf(fd, signal))) {
    const name = memberName(entry.name);
    if (name === undefined) continue;
    const isDirectory = name === members.images;
    if (entry.type !== (isDirectory ? "directory" : "file"))
      throw refused(`its ${shownName(name)} is ${isDirectory ? "no directory" : "no plain file"}`);
    if (isDirectory) continue;
    if (seen.has(name)) throw refused(`${shownName(name)} is in it twice`);
    seen.add(name);
    if (seen.size > mostImages) throw refused("it has more files than any checkpoint");
    yield { name, entry };
  }
}

const known: ReadonlySet<string> = new Set([...Object.keys(limits), members.rootDiff, members.log]);

/** @returns undefined for what is not used */
function memberName(written: string): string | undefined {
  const parts = written.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || written.startsWith("/") || written.includes("\0"))
    throw refused(`${shownName(written)} leads out of it`);
  const name = parts.join("/");
  if (parts[0] !== members.images) return known.has(name) ? name : undefined;
  // criu reads and writes no further directories.
  if (parts.length > 2) throw refused(`criu has no ${shownName(name)}`);
  return name;
}

function shownName(name: string): string {
  return JSON.stringify(shortPath(shownPath(name)));
}

function refused(why: string): KpodError {
  return new KpodError("BAD_ARGUMENT", `the archive is refused: ${why}`);
}

async function readJson(name: string, { size, content }: ReadTarEntry, limit: number): Promise<unknown> {
  if (size > limit) throw damaged(`its ${name} has ${size} bytes, and no such file has more than ${limit}`);
  const chunks: Uint8Array[] = [];
  for await (const bytes of content) chunks.push(bytes);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw damaged(`its ${name} does not hold valid JSON: ${errorMessage(error)}`);
  }
}

/** What of a spec cannot be done without; the runtime looks at the rest. */
function isSpec(value: unknown): value is Spec {
  if (!isRecord(value)) return false;
  const { process, mounts = [], linux = {}, annotations = {}, root = {} } = value;
  if (!isRecord(process) || !isRecord(linux) || !isRecord(annotations) || !isRecord(root)) return false;
  const { namespaces = [], uidMappings = [], resources = {} } = linux;
  const { devices = [] } = isRecord(resources) ? resources : {};
  return (
    isRecord(process.user) &&
    isText(process.cwd) &&
    isListOf(process.args, isText) &&
    isListOf(mounts, isMount) &&
    [namespaces, uidMappings, devices].every((list) => isListOf(list, isRecord))
  );
}

function isMount(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { destination, source = "", options = [] } = value;
  return isText(destination) && isText(source) && isListOf(options, isText);
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

const readAsync = promisify(read);

/** Bytes that are read at once. */
const blockSize = MiB;

async function* bytesOf(fd: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void> {
  for (let position = 0; ;) {
    throwIfInterrupted(signal, "reading the archive");
    const buffer = Buffer.allocUnsafe(blockSize);
    const { bytesRead } = await readAsync(fd, buffer, 0, blockSize, position);
    if (bytesRead === 0) return;
    if (position === 0) refuseCompressed(buffer.subarray(0, bytesRead));
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** By what begins what these programs write. */
const compressions: readonly (readonly [string, Buffer])[] = [
  ["gzip", Buffer.from([0x1f, 0x8b])],
  ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ["xz", Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a])],
];

function refuseCompressed(bytes: Buffer): void {
  const found = compressions.find(([, start]) => bytes.subarray(0, start.length).equals(start));
  if (found === undefined) return;
  throw new KpodError("BAD_ARGUMENT", `the archive is compressed by ${found[0]}`, {
    hint: `unpack it first, by ${found[0]} -d`,
  });
}
