import { tolerate } from "../errors";
import { readTextIfThere } from "../system/files";

/** Bytes that a log of criu can have. */
const longestLog = 256 * 1024 * 1024;

/**
 * Why criu failed, as its log tells it: the first error, for those that come after are of what was to be done next.
 * @returns undefined where the log is not there, or tells of none
 */
export function reasonInLog(path: string): string | undefined {
  const text = tolerate(undefined, () => readTextIfThere(path, longestLog));
  // `(00.012345)     42: Error (criu/files.c:1): why`, without the numbers where criu gave up before it began.
  const [, reason] = /^.*?\bError \([^)]*\): (.*)$/m.exec(text ?? "") ?? [];
  return reason?.trim().slice(0, 400);
}
