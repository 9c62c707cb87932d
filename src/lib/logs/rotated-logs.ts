import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileError, isNotFound } from "../errors";

/** A file that a log was renamed to when it had become too long. */
export interface RotatedLog {
  path: string;
  /** True when it was compressed since. */
  packed: boolean;
}

/**
 * The files that the kubelet has renamed a log to, the newest first: `0.log.20260101-120000`, and all but the
 * newest compressed, with `.gz`.
 * @throws KpodError NOT_PERMITTED, IO when the directory cannot be read
 */
export function rotatedLogs(path: string): RotatedLog[] {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  const names = new Set(namesIn(directory).filter((name) => name.startsWith(prefix)));
  return [...names]
    .flatMap((name): RotatedLog[] => {
      const [, time, suffix] = /^(\d{8}-\d{6})(\.gz)?$/.exec(name.slice(prefix.length)) ?? [];
      // While the kubelet compresses a file, both are there.
      if (time === undefined || (suffix !== undefined && names.has(`${prefix}${time}`))) return [];
      return [{ path: join(directory, name), packed: suffix !== undefined }];
    })
    .sort((a, b) => (a.path < b.path ? 1 : -1));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    // Removed while the log was open.
    if (isNotFound(error)) return [];
    throw fileError(`cannot read the directory ${directory}`, error);
  }
}
