import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { errnoOf, errorMessage, fileError, KpodError } from "../errors";
import { notRegular } from "../system/files";
import { TarWriter } from "../system/tar-writer";
import type { SecretMask } from "./secrets";

/** What a report has of one source. */
export interface ReportedFile {
  /** Its name in the archive, below the directory. */
  readonly file: string;
  /** The path on the node, or the question that was asked. */
  readonly source: string;
  readonly bytes: number;
  /** Bytes of the source that are left out. */
  readonly cut: number;
}

/** What a report lacks. */
export interface MissingSource {
  readonly source: string;
  readonly why: string;
}

/** What there is of a source: the bytes, and how many more it had. */
export interface Excerpt {
  readonly bytes: Buffer;
  readonly cut: number;
}

/** How secrets are taken out of a source. */
export type Masking = "text" | "json";

/** Bytes of one source that a report has at most. */
const longestSource = 16 * 1024 * 1024;

/**
 * Collects a report: a tar archive, compressed by gzip piece by piece, with a manifest as its last file. Whatever is added
 * goes through the mask. What would make it larger than it may be is left out, and told in the manifest.
 */
export class ReportArchive {
  readonly files: ReportedFile[] = [];
  readonly missing: MissingSource[] = [];
  private readonly tar: TarWriter;
  private readonly mtime = Math.floor(Date.now() / 1000);
  private left: number;

  /**
   * @param write takes the archive
   * @param directory what all of it lies in
   * @param limit bytes of all sources together, before they are compressed
   */
  constructor(
    write: (bytes: Uint8Array) => void,
    private readonly directory: string,
    private readonly mask: SecretMask,
    limit: number,
  ) {
    this.left = limit;
    // Members of gzip after each other are one file of gzip.
    this.tar = new TarWriter((bytes) => {
      write(gzipSync(bytes));
    });
  }

  /** Adds what a source says. Of a source that fails, the manifest says why. @throws KpodError INTERRUPTED */
  async add(
    file: string,
    source: string,
    masking: Masking,
    read: () => string | Excerpt | undefined | Promise<string | Excerpt | undefined>,
  ): Promise<void> {
    try {
      const found = await read();
      if (found === undefined) return;
      const { bytes, cut } = typeof found === "string" ? { bytes: Buffer.from(found), cut: 0 } : found;
      this.put(file, source, Buffer.from(this.masked(bytes.toString("utf8"), masking)), cut);
    } catch (error) {
      if (error instanceof KpodError ? error.code === "INTERRUPTED" : errnoOf(error) === undefined)
        throw error;
      this.miss(source, errorMessage(error));
    }
  }

  /** Adds a file of the node by its path, which must not lead out of a place. */
  async addFile(path: string, masking: Masking, place = dirname(path)): Promise<void> {
    await this.add(`files${path}`, path, masking, () => readWithin(path, place));
  }

  /** Says that something is missing. */
  miss(source: string, why: string): void {
    this.missing.push({ source, why });
  }

  /** Ends the archive by its manifest. */
  finish(about: Readonly<Record<string, unknown>>): void {
    const manifest = { version: 1, ...about, files: this.files, missing: this.missing };
    const text = this.mask.text(`${JSON.stringify(manifest, undefined, 2)}\n`);
    this.left = Infinity;
    this.put("manifest.json", "kpod report", Buffer.from(text), 0);
    this.tar.end();
  }

  private masked(text: string, masking: Masking): string {
    return masking === "json" ? this.mask.jsonFile(text) : this.mask.text(text);
  }

  private put(file: string, source: string, bytes: Buffer, cut: number): void {
    if (bytes.length > this.left) {
      this.miss(source, `left out: ${bytes.length} bytes, and the report has room for ${this.left} more`);
      return;
    }
    this.left -= bytes.length;
    const name = archiveName(file);
    const { mtime } = this;
    const size = bytes.length;
    const path = `${this.directory}/${name}`;
    this.tar.entry({ type: "file", name: path, mode: 0o600, uid: 0, gid: 0, mtime, size });
    this.tar.add(bytes);
    this.tar.pad(size);
    this.files.push({ file: name, source, bytes: size, cut });
  }
}

/** The longest name of a part of a path that all file systems take. */
const longestName = 200;

/** A path as a name in an archive that is harmless wherever it is unpacked, whatever the node's files are called. */
function archiveName(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .map((part) => (part === ".." ? "%2E%2E" : part.replace(/[^\w.@+=,:-]/gu, encoded).slice(0, longestName)))
    .join("/");
}

function encoded(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}

/**
 * Reads a regular file that lies in a place: a symbolic link is followed as long as it stays there. Of a large file it is
 * the beginning.
 * @returns undefined where there is none
 * @throws KpodError CORRUPT, NOT_PERMITTED, IO
 */
export function readWithin(path: string, place: string, most = longestSource): Excerpt | undefined {
  let fd: number;
  try {
    const target = realpathSync(path);
    const allowed = realpathSync(place);
    if (target !== allowed && !target.startsWith(allowed === "/" ? allowed : `${allowed}/`))
      throw new KpodError("CORRUPT", `${path} leads out of ${place}, to ${target}`);
    fd = openSync(
      target,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw fileError(`cannot read ${path}`, error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw notRegular(path, stat);
    return readBeginning(fd, stat.size, most);
  } catch (error) {
    throw fileError(`cannot read ${path}`, error);
  } finally {
    closeSync(fd);
  }
}

/** Files of the kernel say that they have no bytes: they are read until nothing comes. */
function readBeginning(fd: number, size: number, most: number): Excerpt {
  const pieces: Buffer[] = [];
  let length = 0;
  while (length < most) {
    const piece = Buffer.allocUnsafe(Math.min(most - length, 256 * 1024));
    const read = readSync(fd, piece, 0, piece.length, null);
    if (read === 0) break;
    pieces.push(piece.subarray(0, read));
    length += read;
  }
  return { bytes: Buffer.concat(pieces), cut: Math.max(0, size - length) };
}
