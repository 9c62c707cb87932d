import { readSync } from "node:fs";

/** What an entry of an archive is, by its type flag (pax(1), "ustar Interchange Format"). */
const typeFlags = {
  file: "0",
  link: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
  pax: "x",
} as const;

/** An entry of an archive. Names are bytes as latin1. */
export interface TarEntry {
  readonly type: Exclude<keyof typeof typeFlags, "pax">;
  /** Without a slash at its beginning; that of a directory ends with one. */
  readonly name: string;
  /** What a link leads to. */
  readonly target?: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Bytes of a file; 0 for all else. */
  readonly size: number;
  /** Number of a device, as stat(2) has it. */
  readonly rdev?: number;
  /** Extended attributes, with their names. */
  readonly attributes?: readonly (readonly [string, Buffer])[];
}

const blockSize = 512;
const bufferSize = 1024 * 1024;

/** The largest numbers of fields of 8 and 12 bytes. */
const mostInShort = 0o7777777;
const mostInLong = 0o77777777777;

/**
 * Writes a tar archive: ustar, with headers of pax for what that has no room for. Our own, since names and attributes
 * are any bytes (a capability is none of UTF-8), and ids of user namespaces are large: the packages that there are for
 * it have texts for the first and cut the second.
 */
export class TarWriter {
  private readonly buffer = Buffer.allocUnsafe(bufferSize);
  private used = 0;

  /** @param write takes bytes that are used again once it returns */
  constructor(private readonly write: (bytes: Uint8Array) => void) {}

  /** Begins an entry; the content of a file is to follow whole. */
  entry(entry: TarEntry): void {
    const pax = paxRecords(entry);
    if (pax.length > 0) {
      const name = `PaxHeaders/${entry.name.replace(/\/$/, "").split("/").at(-1) ?? ""}`;
      const plain = { name, mode: 0o644, uid: 0, gid: 0, mtime: 0, size: pax.length };
      this.addHeader("pax", plain);
      this.add(pax);
      this.pad(pax.length);
    }
    this.addHeader(entry.type, entry);
  }

  /** Where it comes to lie in the buffer, which holds whole blocks: a container has many files. */
  private addHeader(type: keyof typeof typeFlags, entry: Omit<TarEntry, "type" | "attributes">): void {
    if (this.used === bufferSize) this.flush();
    writeHeader(this.buffer, this.used, typeFlags[type], entry);
    this.used += blockSize;
  }

  /**
   * Adds some of the content of a file, as much as there is room for.
   * @returns the bytes that it read; 0 at the end of the file
   */
  addFrom(fd: number, most: number): number {
    if (this.used === bufferSize) this.flush();
    const read = readSync(fd, this.buffer, this.used, Math.min(most, bufferSize - this.used), null);
    this.used += read;
    return read;
  }

  /** Adds zeros in the place of content that there is not any more. */
  addZeros(count: number): void {
    for (let left = count; left > 0;) {
      if (this.used === bufferSize) this.flush();
      const some = Math.min(left, bufferSize - this.used);
      this.buffer.fill(0, this.used, this.used + some);
      this.used += some;
      left -= some;
    }
  }

  /** Fills up the last block of what is of this size. */
  pad(size: number): void {
    this.addZeros((blockSize - (size % blockSize)) % blockSize);
  }

  /** Ends the archive, and writes what is not written yet. */
  end(): void {
    this.addZeros(2 * blockSize);
    this.flush();
  }

  /** Adds some of the content of a file that is in memory. */
  add(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) {
      if (this.used === bufferSize) this.flush();
      const copied = bytes.copy(this.buffer, this.used, done);
      this.used += copied;
      done += copied;
    }
  }

  private flush(): void {
    if (this.used > 0) this.write(this.buffer.subarray(0, this.used));
    this.used = 0;
  }
}

function writeHeader(
  buffer: Buffer,
  start: number,
  typeFlag: string,
  { name, target = "", mode, uid, gid, mtime, size, rdev = 0 }: Omit<TarEntry, "type" | "attributes">,
): void {
  const end = start + blockSize;
  buffer.fill(0, start, end);
  buffer.write(name, start, 100, "latin1");
  writeOctal(buffer, start + 100, 7, mode & 0o7777);
  writeOctal(buffer, start + 108, 7, fitting(uid, mostInShort));
  writeOctal(buffer, start + 116, 7, fitting(gid, mostInShort));
  writeOctal(buffer, start + 124, 11, fitting(size, mostInLong));
  writeOctal(buffer, start + 136, 11, fitting(mtime, mostInLong));
  buffer.write(" ".repeat(8), start + 148, "latin1");
  buffer.write(typeFlag, start + 156, "latin1");
  if (target !== "") buffer.write(target, start + 157, 100, "latin1");
  buffer.write("ustar\0" + "00", start + 257, "latin1");
  // As gnu_dev_major(3) and gnu_dev_minor(3) take them apart.
  writeOctal(buffer, start + 329, 7, (rdev >>> 8) & 0xfff);
  writeOctal(buffer, start + 337, 7, (rdev & 0xff) | ((rdev >>> 12) & 0xfff00));
  // By index: an iterator takes several times as long.
  let sum = 0;
  for (let at = start; at < end; at++) sum += buffer[at] ?? 0;
  writeOctal(buffer, start + 148, 6, sum);
  buffer[start + 154] = 0;
}

/** What a field has no room for stands in a record of pax. */
function fitting(value: number, most: number): number {
  return value < 0 || value > most ? 0 : Math.floor(value);
}

/** Digit by digit: a text of each number would take longer than all the rest of a header. */
function writeOctal(buffer: Buffer, start: number, digits: number, value: number): void {
  let left = value;
  for (let at = start + digits - 1; at >= start; at--) {
    buffer[at] = 0x30 + (left % 8);
    left = Math.floor(left / 8);
  }
}

/** What the header has no room for. */
function paxRecords({ name, target = "", uid, gid, mtime, size, attributes = [] }: TarEntry): Buffer {
  const records: Buffer[] = [];
  if (name.length > 100) records.push(record("path", Buffer.from(name, "latin1")));
  if (target.length > 100) records.push(record("linkpath", Buffer.from(target, "latin1")));
  if (uid > mostInShort) records.push(record("uid", Buffer.from(String(uid))));
  if (gid > mostInShort) records.push(record("gid", Buffer.from(String(gid))));
  if (size > mostInLong) records.push(record("size", Buffer.from(String(size))));
  if (mtime < 0 || mtime > mostInLong) records.push(record("mtime", Buffer.from(String(Math.floor(mtime)))));
  for (const [key, value] of attributes) records.push(record(`SCHILY.xattr.${key}`, value));
  return Buffer.concat(records);
}

/** A record begins with its own length. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
