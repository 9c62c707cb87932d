import { isRecord } from "./files";

/** Go's zero time, which CRI-O writes for "not yet". */
export const zeroTime = "0001-01-01T00:00:00Z";

/** A time of Go's JSON; undefined for the zero time and for what is no time. */
export function readTime(value: unknown): Date | undefined {
  if (typeof value !== "string" || value === zeroTime || value === "") return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** A text of a JSON file; "" for anything else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The texts in a list of a JSON file. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The entries of a JSON object whose values are texts; none for anything else. */
export function textMap(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  if (isTextMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function isTextMap(value: Record<string, unknown>): value is Record<string, string> {
  for (const key in value) if (typeof value[key] !== "string") return false;
  return true;
}

/** A JSON text as Go writes one of a map: keys in order, and what would mean something to a browser as escapes. */
export function goJson(value: unknown): string {
  return JSON.stringify(inOrder(value)).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, inOrder(value[key])]),
  );
}
