import { UsageError } from "../../shell/errors";
import { KpodError } from "../../lib/errors";
import { parseSignal } from "../../lib/oci/signals";
import { randomBytes } from "../../lib/system/random";

/**
 * Reads `KEY=VALUE` flags; a key alone has an empty value.
 * @throws UsageError for one without a key
 */
export function readKeyValues(flag: string, entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [key = "", ...value] = entry.split("=");
      if (key === "") throw new UsageError(`option --${flag}: ${JSON.stringify(entry)} has no key`);
      return [key, value.join("=")];
    }),
  );
}

/** A name for a pod or container to which the user gave none. */
export function generatedName(stem: string): string {
  const base = stem.toLowerCase().replace(/[^a-z0-9.-]+/g, "-");
  return `${/^[a-z0-9]/.test(base) ? base : "image"}-${randomBytes(3).toString("hex")}`;
}

/** The absolute path of a flag. @throws UsageError */
export function absoluteOption(flag: string, path: string): string {
  if (path.startsWith("/")) return path;
  throw new UsageError(`option --${flag}: ${JSON.stringify(path)} is not an absolute path`);
}

/** The signal of a flag. @throws UsageError */
export function readSignal(text: string): number {
  try {
    return parseSignal(text);
  } catch (error) {
    throw error instanceof KpodError ? new UsageError(error.message) : error;
  }
}
