import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileError, isNotFound, KpodError } from "../../errors";
import { fileLimits, readTextIfThere } from "../../system/files";

/** How a container ended, as conmon wrote it down. */
export interface ExitRecord {
  exitCode: number;
  /** When conmon wrote it: the time of the file. */
  finished: Date;
}

/** Where exit files of a container can be. */
export interface ExitFilePlaces {
  id: string;
  /** Its directory that lives through a reboot: conmon of CRI-O 1.18 and later writes `exit` there. */
  dir: string;
  /** The exits directory that CRI-O watches. */
  exitsDir: string;
}

/** Reads how a container ended; undefined while it has not, or when conmon could not write it down. */
export function readExitFile(places: ExitFilePlaces): ExitRecord | undefined {
  return readOne(join(places.dir, "exit")) ?? readOne(join(places.exitsDir, places.id));
}

function readOne(path: string): ExitRecord | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    const text = stat === undefined ? undefined : readTextIfThere(path, fileLimits.word);
    if (stat === undefined || text === undefined || !/^\d{1,3}\s*$/.test(text)) return undefined;
    return { exitCode: Number(text), finished: stat.mtime };
  } catch (error) {
    // CRI-O deletes the file in its exits directory as soon as it has seen it.
    if (isNotFound(error)) return undefined;
    throw error instanceof KpodError ? error : fileError(`cannot read ${path}`, error);
  }
}

/** True when the kernel killed the container for want of memory; conmon leaves a marker in either directory. */
export function hasOomMarker(dir: string, bundlePath: string): boolean {
  return existsSync(`${bundlePath}/oom`) || existsSync(`${dir}/oom`);
}

/** The name of the marker in its bundle by which kpod says that it has sent KILL to a container. */
export const killMarker = "kpod-killed";

/** True when kpod has sent KILL to a container, as it writes down before: that is how it ended, where nobody says otherwise. */
export function hasKillMarker(bundlePath: string): boolean {
  return existsSync(`${bundlePath}/${killMarker}`);
}
