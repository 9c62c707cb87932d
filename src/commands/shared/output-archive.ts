import { KpodError } from "../../lib/errors";
import { openOutputFile, type OutputFile } from "../../lib/system/output-file";
import { UsageError } from "../../shell/errors";

/** Opens the file that an archive is written to. @throws UsageError for a terminal */
export function openOutput(path: string): OutputFile {
  try {
    return openOutputFile(path);
  } catch (error) {
    if (error instanceof KpodError && error.code === "BAD_ARGUMENT")
      throw new UsageError(`refusing to write an archive to a terminal: ${error.message}`);
    throw error;
  }
}
