import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeErrno, KpodError } from "../errors";

/**
 * The files of a directory of drop-ins in the order in which CRI-O reads them: every regular file, whatever
 * its name, also in directories within, each directory sorted by the bytes of the names. Links to files are
 * followed, links to directories are not.
 * @throws KpodError BAD_CONFIG that names what cannot be looked at
 */
export function listDropIns(directory: string): string[] {
  try {
    return walk(directory);
  } catch (error) {
    throw new KpodError("BAD_CONFIG", `cannot read the drop-ins in ${directory}: ${describeErrno(error)}`, {
      cause: error,
    });
  }
}

function walk(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return walk(path);
    const isFile = entry.isFile() || (entry.isSymbolicLink() && statSync(path).isFile());
    return isFile ? [path] : [];
  });
}
