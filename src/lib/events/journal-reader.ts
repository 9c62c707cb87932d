import { closeSync, constants, fstatSync, readSync, statSync, type Stats } from "node:fs";
import { errnoOf, errorMessage, isNotFound, KpodError } from "../errors";
import { isStorageId } from "../names/ids";
import type { Logger } from "../logger";
import { isRecord, openRegularFile } from "../system/files";
import { textMap, textOf } from "../system/go-json";
import { eventStatuses, eventTypes, type NotedEvent } from "./event";
import { eventJournalFiles, longestLine } from "./journal";

/** Bytes that are read at once: what is more, no kpod has written, and its beginning is passed over. */
const mostAtOnce = 4 * 1024 * 1024;

/** Reads the journal of changes as it grows. */
export interface JournalReader {
  /** What was written since it was last asked; the first time all that there is. */
  readonly read: () => NotedEvent[];
  readonly close: () => void;
}

/** A file of the journal that is read as it grows. */
interface Tail {
  readonly fd: number;
  readonly device: number;
  readonly inode: number;
  offset: number;
  /** The beginning of a line whose end is not written yet. */
  rest: Buffer;
}

/**
 * Opens the journal of changes. One that is not there yet is found when it is; lines that are none are passed over, for
 * anybody may have written there.
 * @param logger is told, once, that it cannot be read
 */
export function openJournalReader(runRoot: string, logger: Logger): JournalReader {
  const { current, before } = eventJournalFiles(runRoot);
  let tails: Tail[] = [];
  let told = false;
  const known = (file: Pick<Stats, "dev" | "ino">): Tail | undefined =>
    tails.find(({ device, inode }) => device === file.dev && inode === file.ino);
  const open = (path: string): Tail => {
    const { fd, stat } = openRegularFile(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const before = known(stat);
    if (before !== undefined) {
      closeSync(fd);
      return before;
    }
    const tail = { fd, device: stat.dev, inode: stat.ino, offset: 0, rest: Buffer.alloc(0) };
    tails.push(tail);
    return tail;
  };
  const tailOf = (path: string): Tail | undefined => {
    try {
      return known(statSync(path)) ?? open(path);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!(error instanceof KpodError) && errnoOf(error) === undefined) throw error;
      if (!told) logger.warn(`the journal of changes cannot be read: ${errorMessage(error)}`);
      told = true;
      return undefined;
    }
  };
  return {
    read: () => {
      // In this order: what is moved away in between is found again, and not missed.
      const newest = tailOf(current);
      const older = tailOf(before);
      const there = new Set([older, newest].filter((tail) => tail !== undefined));
      // What has no name any more may have grown since it was last read.
      const past = tails.filter((tail) => !there.has(tail));
      tails = [...there];
      try {
        return [...past, ...tails].flatMap(readTail);
      } finally {
        for (const { fd } of past) closeSync(fd);
      }
    },
    close: () => {
      for (const { fd } of tails) closeSync(fd);
      tails = [];
    },
  };
}

function readTail(tail: Tail): NotedEvent[] {
  const { size } = fstatSync(tail.fd);
  if (size < tail.offset || size - tail.offset > mostAtOnce) {
    tail.offset = Math.max(0, size - mostAtOnce);
    tail.rest = Buffer.alloc(0);
  }
  const bytes = Buffer.alloc(size - tail.offset);
  const count = readSync(tail.fd, bytes, 0, bytes.length, tail.offset);
  tail.offset += count;
  const text = Buffer.concat([tail.rest, bytes.subarray(0, count)]);
  const end = text.lastIndexOf(0x0a) + 1;
  const rest = text.subarray(end);
  // No kpod writes such a line; it is not kept for ever.
  tail.rest = rest.length > longestLine ? Buffer.alloc(0) : Buffer.from(rest);
  return text
    .toString("utf8", 0, end)
    .split("\n")
    .flatMap((line) => readLine(line) ?? []);
}

function readLine(line: string): NotedEvent | undefined {
  if (line === "" || line.length > longestLine) return undefined;
  try {
    return readEvent(JSON.parse(line));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** An event as it was written down; undefined for what is none. */
function readEvent(value: unknown): NotedEvent | undefined {
  if (!isRecord(value)) return undefined;
  const { time, id, podId } = value;
  const type = eventTypes.find((known) => known === value.type);
  const status = eventStatuses.find((known) => known === value.status);
  const isTime = typeof time === "number" && Number.isSafeInteger(time) && time >= 0 && time <= latestTime;
  if (type === undefined || status === undefined || !isTime || !isStorageId(id)) return undefined;
  const { exitCode, pid } = value;
  return {
    ...{ time, type, status, id },
    name: textOf(value.name),
    image: textOf(value.image),
    podId: isStorageId(podId) ? podId : "",
    labels: textMap(value.labels),
    attributes: textMap(value.attributes),
    ...(typeof exitCode === "number" && Number.isInteger(exitCode) ? { exitCode } : {}),
    ...(typeof pid === "number" && Number.isInteger(pid) && pid > 0 ? { pid } : {}),
  };
}

/** The last millisecond whose nanoseconds podman's 64 bits hold; in any time zone a Date holds it, too. */
const latestTime = 9_223_372_036_854;
