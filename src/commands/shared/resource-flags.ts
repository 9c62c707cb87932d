import { UsageError } from "../../shell/errors";

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/**
 * The bytes that a flag names as docker and podman read them: `512m` and `512M` are 512 MiB, `-1` is no limit.
 * @returns -1 for no limit; undefined where the flag is not given
 * @throws UsageError for what is no size
 */
export function sizeLimit(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "-1") return -1;
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)([bkmgt]?)(?:i?b)?$/.exec(text.toLowerCase()) ?? [];
  const bytes = Math.floor(Number(digits) * (units[unit] ?? Number.NaN));
  if (digits !== "" && bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(
    `invalid size ${JSON.stringify(text)} for --${flag}: give bytes, or a number with k, m or g`,
  );
}
