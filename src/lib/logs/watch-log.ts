import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import { errnoOf } from "../errors";

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
export function watchLog(path: string, onChange: () => void): LogWatch {
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
