import { KpodError } from "../../lib/errors";
import { openOutputFile, type OutputFile } from "../../lib/system/output-file";
import { UsageError } from "../../shell/errors";
import type { Terminal } from "../../shell/terminal";

/** @throws UsageError where an archive would be written to a terminal */
export function refuseTerminal(path: string | undefined, terminal: Terminal): void {
  if (path === undefined && terminal.isTTY) {
    throw new UsageError("refusing to write an archive to a terminal: use -o FILE or redirect");
  }
}

/**
 * Has an archive written to a file, which is there once it is whole, or else to standard output.
 * @param mode of a new file
 * @throws UsageError for a terminal, and what the work throws
 */
export async function writeArchive<T>(
  path: string | undefined,
  terminal: Terminal,
  work: (write: OutputFile["write"]) => Promise<T>,
  mode?: number,
): Promise<T> {
  if (path === undefined) return work(terminal.out);
  const file = openOutput(path, mode);
  let result: T;
  try {
    result = await work(file.write);
  } catch (error) {
    file.abandon();
    throw error;
  }
  file.finish();
  return result;
}

function openOutput(path: string, mode: number | undefined): OutputFile {
  try {
    return openOutputFile(path, mode);
  } catch (error) {
    if (error instanceof KpodError && error.code === "BAD_ARGUMENT")
      throw new UsageError(`refusing to write an archive to a terminal: ${error.message}`);
    throw error;
  }
}
