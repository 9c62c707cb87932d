import { UsageError } from "../../shell/errors";

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
