import { KpodError } from "../../lib/errors";
import { parseSignal } from "../../lib/oci/signals";
import { UsageError } from "../../shell/errors";

/** The signal of a flag. @throws UsageError */
export function readSignal(text: string): number {
  try {
    return parseSignal(text);
  } catch (error) {
    throw error instanceof KpodError ? new UsageError(error.message) : error;
  }
}
