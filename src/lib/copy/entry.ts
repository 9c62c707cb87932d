import type { TarEntry } from "../system/tar-writer";

/** What is copied: a file, directory, link, device or FIFO, as it is where it comes from. */
export interface CopyEntry extends Omit<TarEntry, "name"> {
  /**
   * Its path from what is copied, "" for that itself: bytes as latin1. It has no slash at its ends, and no part of it is
   * `.` or `..`.
   */
  readonly path: string;
  /** The text of a symbolic link; of a `link` the path of the file that it is another name of. Bytes as latin1. */
  readonly target?: string;
  /** Seconds since 1970, with what there is of parts of them. */
  readonly mtime: number;
  /** What a file holds: an open one, or the bytes as they come. Good until the next entry is asked for. */
  readonly content?: number | AsyncIterable<Uint8Array>;
}

/** Where entries go. */
export interface CopyTarget {
  /** @throws KpodError; what writing throws */
  put(entry: CopyEntry): Promise<void>;
  /** Ends it well. */
  finish(): void;
  /** Removes what is not whole. */
  abandon(): void;
}

/** What was passed over, for one line that tells of it in the end. */
export interface PassedOver {
  devices: number;
  sockets: number;
}

/** A path of bytes as latin1, as errors tell it. */
export function shownPath(path: string): string {
  return Buffer.from(path, "latin1").toString();
}

/** Bytes as latin1 of a text as people write it. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}
