import { KpodError } from "../errors";
import { ByteStream } from "./byte-stream";
import type { TarEntry } from "./tar-writer";

/** An entry of an archive that is read. Names are bytes as latin1, as they stand there: they may lead anywhere. */
export interface ReadTarEntry extends TarEntry {
  /** What a file holds; to be read before the next entry is asked for, else it is passed over. */
  readonly content: AsyncIterable<Uint8Array>;
}

const blockSize = 512;

/** Bytes that the headers of pax and the long names of GNU tar can have; an attribute has 64 KiB at most. */
const longestHeader = 1024 * 1024;

/** Bytes behind the end of an archive that are taken, so that whoever writes them comes to an end: tar fills up blocks. */
const longestPadding = 16 * 1024 * 1024;

const types: Readonly<Record<string, TarEntry["type"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
  // A directory with a list of what is in it, as GNU tar writes for incremental backups.
  D: "directory",
};

/**
 * Reads a tar archive as it comes: ustar, pax, GNU tar, and what came before. Our own for the reasons that the writer has:
 * names and attributes are any bytes.
 * @throws KpodError BAD_ARGUMENT for what is no archive, CORRUPT for one that is cut off or damaged, UNSUPPORTED for files
 * with holes as GNU tar writes them (`--sparse`)
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReadTarEntry, void> {
  const stream = new ByteStream(chunks);
  const global = new Map<string, Buffer>();
  let next = new Map<string, Buffer>();
  let count = 0;
  for (;;) {
    const block = await stream.read(blockSize);
    if (block === undefined || block.length < blockSize) throw endTooEarly(count, block);
    if (block.every((byte) => byte === 0)) {
      await stream.skip(longestPadding);
      return;
    }
    checkSum(block, count);
    count++;
    const flag = block.toString("latin1", 156, 157);
    const size = numberOf(next.get("size") ?? global.get("size"), block, 124, 12);
    const long = { L: "path", K: "linkpath" }[flag];
    if (flag === "x" || flag === "g" || long !== undefined) {
      if (size > longestHeader) throw damaged("a header is too large");
      const bytes = await stream.read(size);
      if (bytes === undefined || bytes.length < size) throw cutOff("a header");
      await stream.skip(padding(size));
      if (long !== undefined) next.set(long, bytes.subarray(0, lengthOfText(bytes)));
      else readRecords(bytes, flag === "g" ? global : next);
      continue;
    }
    const value = (key: string): Buffer | undefined => next.get(key) ?? global.get(key);
    const entry = entryOf(block, flag, size, value, attributesOf(new Map([...global, ...next])));
    next = new Map();
    // The label of a volume is no file.
    if (entry === undefined) {
      await stream.skip(size + padding(size));
      continue;
    }
    let left = size;
    const content = async function* (): AsyncGenerator<Uint8Array, void> {
      while (left > 0) {
        const bytes = await stream.some(left);
        if (bytes === undefined) throw cutOff(Buffer.from(entry.name, "latin1").toString());
        left -= bytes.length;
        yield bytes;
      }
    };
    yield { ...entry, content: content() };
    const rest = left + padding(size);
    if ((await stream.skip(rest)) < rest) throw cutOff(Buffer.from(entry.name, "latin1").toString());
  }
}

function entryOf(
  block: Buffer,
  flag: string,
  size: number,
  value: (key: string) => Buffer | undefined,
  attributes: [string, Buffer][],
): TarEntry | undefined {
  const field = (start: number, length: number): string => {
    const bytes = block.subarray(start, start + length);
    return bytes.toString("latin1", 0, lengthOfText(bytes));
  };
  if (flag === "V") return undefined;
  if (flag === "S" || value("GNU.sparse.major") !== undefined || value("GNU.sparse.size") !== undefined) {
    throw new KpodError("UNSUPPORTED", "the archive has files with holes in a form that kpod does not read", {
      hint: "make it without --sparse",
    });
  }
  const type = types[flag];
  if (type === undefined) throw damaged(`an entry is of an unknown kind (${JSON.stringify(flag)})`);
  // GNU tar has other things where ustar has the beginning of long names.
  const prefix = block.toString("latin1", 257, 263) === "ustar\0" ? field(345, 155) : "";
  const own = prefix === "" ? field(0, 100) : `${prefix}/${field(0, 100)}`;
  const name = value("path")?.toString("latin1") ?? own;
  const mtime = value("mtime");
  const major = numberOf(undefined, block, 329, 8);
  const minor = numberOf(undefined, block, 337, 8);
  return {
    // Before ustar, a directory was told by the end of its name.
    type: type === "file" && name.endsWith("/") ? "directory" : type,
    name,
    target: value("linkpath")?.toString("latin1") ?? field(157, 100),
    mode: numberOf(undefined, block, 100, 8) & 0o7777,
    uid: numberOf(value("uid"), block, 108, 8),
    gid: numberOf(value("gid"), block, 116, 8),
    mtime: mtime === undefined ? signedNumber(block, 136, 12) : secondsOf(mtime),
    size: type === "file" ? size : 0,
    // As gnu_dev_makedev(3) puts them together.
    ...(type === "character" || type === "block"
      ? { rdev: ((major & 0xfff) << 8) | (minor & 0xff) | ((minor & 0xfff00) << 12) }
      : {}),
    attributes,
  };
}

function attributesOf(records: ReadonlyMap<string, Buffer>): [string, Buffer][] {
  const prefix = "SCHILY.xattr.";
  return [...records].flatMap(([key, value]): [string, Buffer][] =>
    key.startsWith(prefix) ? [[Buffer.from(key.slice(prefix.length), "latin1").toString(), value]] : [],
  );
}

/** `LENGTH KEY=VALUE\n`, the length being that of all of it (pax(1)). */
function readRecords(bytes: Buffer, into: Map<string, Buffer>): void {
  for (let start = 0; start < bytes.length;) {
    const blank = bytes.indexOf(" ", start);
    const length = Number(blank === -1 ? "" : bytes.toString("latin1", start, blank));
    const end = start + length;
    const equals = bytes.indexOf("=", blank);
    const isWhole = Number.isSafeInteger(length) && end <= bytes.length && equals !== -1 && equals < end;
    if (!isWhole || length < 5 || bytes[end - 1] !== 0x0a) throw damaged("a header of pax is none");
    const key = bytes.toString("latin1", blank + 1, equals);
    const value = Buffer.from(bytes.subarray(equals + 1, end - 1));
    // An empty one undoes what was said for all.
    if (value.length === 0 && !key.startsWith("SCHILY.xattr.")) into.delete(key);
    else into.set(key, value);
    start = end;
  }
}

/** A number of a header of pax, or of the block: octal digits, or for large ones of GNU tar the bytes themselves. */
function numberOf(record: Buffer | undefined, block: Buffer, start: number, length: number): number {
  const value = record === undefined ? signedNumber(block, start, length) : Number(record.toString("latin1"));
  if (!Number.isSafeInteger(value) || value < 0) throw damaged("a number in a header is none");
  return value;
}

function signedNumber(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  if (first >= 0x80) {
    let value = first === 0xff ? -1 : first & 0x7f;
    for (const byte of block.subarray(start + 1, start + length)) value = value * 256 + byte;
    return value;
  }
  const text = block
    .toString("latin1", start, start + length)
    .replace(/\0.*$/s, "")
    .trim();
  if (!/^[0-7]*$/.test(text)) throw damaged("a number in a header is none");
  return text === "" ? 0 : parseInt(text, 8);
}

function secondsOf(text: Buffer): number {
  const seconds = Number(text.toString("latin1"));
  if (!Number.isFinite(seconds)) throw damaged("a time in a header is none");
  return seconds;
}

function checkSum(block: Buffer, count: number): void {
  let unsigned = 0;
  let signed = 0;
  for (let index = 0; index < blockSize; index++) {
    // The sum itself counts as blanks.
    const byte = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0);
    unsigned += byte;
    // Old tars took bytes for signed ones.
    signed += byte > 127 ? byte - 256 : byte;
  }
  const told = parseInt(block.toString("latin1", 148, 156).replace(/\0.*$/s, "").trim(), 8);
  if (told === unsigned || told === signed) return;
  if (count > 0) throw damaged("a header does not hold what it says");
  throw new KpodError("BAD_ARGUMENT", "what comes is no tar archive");
}

function endTooEarly(count: number, block: Buffer | undefined): KpodError {
  if (count === 0 && block === undefined)
    return new KpodError("BAD_ARGUMENT", "what comes is no tar archive: it is empty");
  if (count === 0) return new KpodError("BAD_ARGUMENT", "what comes is no tar archive");
  return new KpodError("CORRUPT", "the archive is cut off: its end is missing");
}

function cutOff(where: string): KpodError {
  return new KpodError("CORRUPT", `the archive is cut off in the middle of ${where}`);
}

function damaged(why: string): KpodError {
  return new KpodError("CORRUPT", `the archive is damaged: ${why}`);
}

function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function lengthOfText(bytes: Buffer): number {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes.length : end;
}
