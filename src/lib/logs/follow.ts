import { statSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import { errnoOf, throwIfInterrupted } from "../errors";
import { createBell } from "../system/bell";
import { BlockReader, untruncatedBlocks } from "./block-reader";
import { blocksOfRotated } from "./log-chain";
import { closeLogFile, type LogFile } from "./log-file";
import { namesBefore, openNextLog } from "./next-log";

/**
 * Milliseconds after a change at which a log is looked at again, unasked: Bun drops what inotify tells within a
 * millisecond of what it told before, and the last of several lines would wait for one that never comes.
 */
const secondLook = 5;

/** How a log is followed. */
export interface FollowOptions {
  /** Resolves when nothing more will be written: what stands there then is still read. */
  ended: Promise<unknown>;
  signal?: AbortSignal | undefined;
  /** Gets what is wrong with a file that the log was renamed to. */
  warn?: ((message: string) => void) | undefined;
}

/**
 * Reads a log from an offset and goes on as it is written, until its end. A log that was rotated is read out
 * before the file in its place is begun: renamed with a new file in its place, replaced, truncated. Where it was renamed
 * several times before it was looked at again, the files between are read as well.
 * @returns blocks of whole lines, each of which holds until the next is asked for; undefined for each time
 *   that all was read and there may be more later
 * @throws KpodError INTERRUPTED when the signal is aborted, IO; what `ended` is rejected with
 */
export async function* followBlocks(
  first: LogFile,
  offset: number,
  { ended, signal, warn }: FollowOptions,
): AsyncGenerator<Buffer | undefined, void> {
  let older = namesBefore(first);
  const bell = createBell();
  const watch = watchLog(first.path, bell.ring);
  const over = watchEnd(ended, bell.ring);
  signal?.addEventListener("abort", bell.ring);
  let reader = new BlockReader(first, offset);
  let rang = true;
  try {
    watch.watchFile(first.fd);
    for (;;) {
      throwIfInterrupted(signal, "reading a log");
      // Asked before reading, so that what was written until the end is read.
      const last = over();
      const replaced = isReplaced(reader.file);
      const from = reader.readTo;
      const truncated = yield* untruncatedBlocks(reader, signal);
      const next = replaced && !truncated ? openNextLog(reader.file, older) : undefined;
      if (next !== undefined) {
        const { file } = reader;
        const rest = restOf(reader);
        reader = new BlockReader(next.file, 0);
        older = next.older;
        // Before anything is handed out: whoever gets it may leave.
        if (file !== first) closeLogFile(file);
        watch.watchFile(next.file.fd);
        yield* rest;
        for (const missed of next.missed) yield* blocksOfRotated(missed, { warn, signal });
      } else if (truncated) {
        yield* restOf(reader);
        reader = reader.anew();
      } else if (last) {
        yield* restOf(reader);
        return;
      } else {
        yield undefined;
        const isQuiet = !rang && reader.readTo === from;
        rang = await bell.rung(isQuiet ? undefined : secondLook);
      }
    }
  } finally {
    watch.close();
    signal?.removeEventListener("abort", bell.ring);
    if (reader.file !== first) closeLogFile(reader.file);
  }
}

function restOf(reader: BlockReader): readonly Buffer[] {
  const rest = reader.rest();
  return rest === undefined ? [] : [rest];
}

/**
 * True when another file has taken the place of a log. While that is empty, conmon may still be writing to the
 * old one; once it has written to the new one, it is done with the old.
 */
function isReplaced({ path, device, inode }: LogFile): boolean {
  const now = statSync(path, { throwIfNoEntry: false });
  return now !== undefined && now.size > 0 && (now.dev !== device || now.ino !== inode);
}

/** Tells whether a promise is settled; throws what it was rejected with. */
function watchEnd(ended: Promise<unknown>, onEnd: () => void): () => boolean {
  let state: { failed: boolean; reason?: unknown } | undefined;
  ended
    .then(
      () => {
        state = { failed: false };
      },
      (reason: unknown) => {
        state = { failed: true, reason };
      },
    )
    .finally(onEnd);
  return () => {
    if (state?.failed === true) throw state.reason;
    return state !== undefined;
  };
}

/** Milliseconds between looks where the kernel gives no more inotify: it has few for all of a node. */
const lookInterval = 500;

/** Tells when there may be something new in a log. */
export interface LogWatch {
  /** Also watches the file behind a descriptor, under whatever name, instead of the one before. */
  watchFile(fd: number): void;
  close(): void;
}

/**
 * Watches the place of a log: that it is written to, renamed, replaced. Where inotify is used up, it is looked
 * at from time to time.
 * @param onChange called for each change, and at times without one
 */
function watchLog(path: string, onChange: () => void): LogWatch {
  const name = basename(path);
  let timer: NodeJS.Timeout | undefined;
  const lookAtTimes = (): void => {
    timer ??= setInterval(onChange, lookInterval);
  };
  const tryWatch = (target: string, listener: (file: string | null) => void): FSWatcher | undefined => {
    try {
      const watcher = watch(target, (_, file) => {
        listener(file);
      });
      watcher.on("error", lookAtTimes);
      return watcher;
    } catch (error) {
      // EMFILE: no instance is left, ENOSPC: no watch. ENOENT: the directory is gone, and so nothing comes there.
      if (!["EMFILE", "ENFILE", "ENOSPC", "ENOENT"].includes(errnoOf(error) ?? "")) throw error;
      lookAtTimes();
      return undefined;
    }
  };
  const directory = tryWatch(dirname(path), (file) => {
    if (file === null || file === name) onChange();
  });
  let file: FSWatcher | undefined;
  return {
    watchFile(fd) {
      file?.close();
      // By its descriptor, because the name may lead to another file by now.
      file = tryWatch(`/proc/self/fd/${fd}`, onChange);
    },
    close() {
      directory?.close();
      file?.close();
      clearInterval(timer);
    },
  };
}
