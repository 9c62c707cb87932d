import { UsageError } from "../../shell/errors";
import { KpodError } from "../../lib/errors";

/**
 * Reads the values of `--filter`.
 * @param parse reads them into conditions
 * @throws UsageError for an unknown filter or a bad value
 */
export function readFilters<Term>(
  values: readonly string[],
  parse: (values: readonly string[]) => readonly Term[],
): readonly Term[] {
  try {
    return parse(values);
  } catch (error) {
    if (error instanceof KpodError && error.code === "BAD_ARGUMENT") throw new UsageError(error.message);
    throw error;
  }
}
