import { createReadStream } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, errorMessage, fileError, KpodError, throwIfInterrupted } from "../errors";
import { newline } from "./line-header";
import { openLogFile } from "./log-file";
import { namesInDirectory } from "../system/files";

/** A file that a log was renamed to when it had become too long. */
export interface RotatedLog {
  path: string;
  /** True when it was compressed since, by gzip. */
  gzipped: boolean;
}

/**
 * The files that the kubelet has renamed a log to, the newest first: `0.log.20260101-120000`, and all but the
 * newest compressed, with `.gz`.
 * @throws KpodError NOT_PERMITTED, IO when the directory cannot be read
 */
export function rotatedLogs(path: string): RotatedLog[] {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  // None where it was removed while the log was open.
  const names = new Set(
    namesInDirectory(directory, `the directory ${directory}`).filter((name) => name.startsWith(prefix)),
  );
  return [...names]
    .flatMap((name): RotatedLog[] => {
      const [, time, suffix] = /^(\d{8}-\d{6})(\.gz)?$/.exec(name.slice(prefix.length)) ?? [];
      // While the kubelet compresses a file, both are there.
      if (time === undefined || (suffix !== undefined && names.has(`${prefix}${time}`))) return [];
      return [{ path: join(directory, name), gzipped: suffix !== undefined }];
    })
    .sort((a, b) => (a.path < b.path ? 1 : -1));
}

/** Bytes of a line that are waited for; a longer one is handed out in pieces. */
const longestLine = 256 * 1024;

/**
 * Reads a compressed log in blocks of whole lines, in constant memory.
 * @throws KpodError NOT_FOUND when it is gone, CORRUPT when it is no regular file or not what gzip makes,
 *   NOT_PERMITTED, IO; INTERRUPTED when the signal is aborted
 */
export async function* gzipBlocks(
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of unpack(path)) {
    throwIfInterrupted(signal, "reading a log");
    const bytes = Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(newline) + 1;
    const whole = end === 0 && bytes.length > longestLine ? bytes.length : end;
    rest = bytes.subarray(whole);
    if (whole > 0) yield bytes.subarray(0, whole);
  }
  if (rest.length > 0) yield Buffer.concat([rest, Buffer.from([newline])]);
}

async function* unpack(path: string): AsyncGenerator<Buffer, void> {
  // Loaded by the few who need it.
  const { createGunzip } = await import("node:zlib");
  // The stream closes it.
  const { fd } = openLogFile(path);
  const file = createReadStream(path, { fd, start: 0 });
  const unpacked = file.pipe(createGunzip());
  file.on("error", (error) => unpacked.destroy(error));
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw readError(path, error);
  } finally {
    file.destroy();
    unpacked.destroy();
  }
}

function readError(path: string, error: unknown): KpodError {
  if (errnoOf(error)?.startsWith("Z_") !== true)
    return fileError(`cannot read the rotated log ${path}`, error);
  return new KpodError("CORRUPT", `the rotated log ${path} is not what gzip makes: ${errorMessage(error)}`, {
    cause: error,
  });
}
