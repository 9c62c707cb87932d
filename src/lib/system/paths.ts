import { isAbsolute, normalize, resolve } from "node:path";
import { isNotFound, KpodError } from "../errors";

/**
 * A path that somebody gave as an absolute one. Only a relative path asks where kpod was called from, which may have
 * been removed since.
 * @param what what the path is of, as the error names it: `--root`
 * @throws KpodError BAD_ARGUMENT for a relative path in a directory that is gone
 */
export function absolutePath(what: string, path: string): string {
  if (isAbsolute(path)) return normalize(path).replace(/(?<=.)\/$/, "");
  try {
    return resolve(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new KpodError(
      "BAD_ARGUMENT",
      `${what}: ${path} is relative, and the working directory has been removed`,
      {
        hint: "give an absolute path, or change to another directory",
        cause: error,
      },
    );
  }
}
