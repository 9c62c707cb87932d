import { formatISO } from "date-fns/formatISO";
import { parseISO } from "date-fns/parseISO";
import { UsageError } from "../../shell/errors";

// 2006-01-02, 2006-01-02T15:04, 2006-01-02T15:04:05.999999999+01:00
const dateForm = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?([Zz]|[+-]\d\d:\d\d)?$/;
const clockForm = /^(?:\d\d:\d\d(?::\d\d(?:\.\d+)?)?)$/;
const unixForm = /^(\d+)(?:\.(\d*))?$/;
const durationForm = /^(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h|d))+$/;

const unitNanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
  d: 86_400e9,
};

/**
 * Reads a point in time as users write it: RFC 3339 with `Z` or an offset, or, in the local time zone, without;
 * `2006-01-02`; `15:04:05` of today; Unix seconds; or how long ago it was (`10m`, `1h30m`, `2d`).
 * @param flag for the error
 * @param now milliseconds since 1970
 * @returns nanoseconds since 1970
 * @throws UsageError when the text is none of these
 */
export function readPointInTime(flag: string, text: string, now: number): bigint {
  const time = unixTime(text) ?? durationBack(text, now) ?? calendarTime(text, now);
  if (time !== undefined) return time;
  throw new UsageError(
    `invalid value "${text}" for --${flag}: it must be a time (2006-01-02T15:04:05Z, 2006-01-02, 15:04:05, ` +
      "Unix seconds) or how long ago it was (10m, 1h30m)",
  );
}

/**
 * The same for a point ahead: a duration is how long it is until then.
 * @throws UsageError when the text is none of these
 */
export function readPointAhead(flag: string, text: string, now: number): bigint {
  const duration = unixTime(text) === undefined ? durationIn(text) : undefined;
  if (duration !== undefined) return milliseconds(now) + BigInt(Math.round(duration));
  return readPointInTime(flag, text, now);
}

function unixTime(text: string): bigint | undefined {
  const match = unixForm.exec(text);
  if (match === null) return undefined;
  return BigInt(match[1] ?? 0) * 1_000_000_000n + nanoseconds(match[2]);
}

/**
 * Reads how long something lasts: `10m`, `1h30m`, `2d`, `0s`.
 * @param flag for the error
 * @returns milliseconds
 * @throws UsageError
 */
export function readDuration(flag: string, text: string): number {
  const duration = durationIn(text);
  if (duration !== undefined) return duration / 1e6;
  throw new UsageError(`invalid value "${text}" for --${flag}: it must be a duration (30s, 10m, 1h30m)`);
}

/** A duration in nanoseconds. */
function durationIn(text: string): number | undefined {
  if (!durationForm.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of text.matchAll(/([\d.]+)([a-zµ]+)/g)) {
    total += Number(amount) * (unitNanoseconds[unit] ?? 0);
  }
  return total;
}

function durationBack(text: string, now: number): bigint | undefined {
  const duration = durationIn(text);
  return duration === undefined ? undefined : milliseconds(now) - BigInt(Math.round(duration));
}

function calendarTime(text: string, now: number): bigint | undefined {
  const full = clockForm.test(text) ? `${formatISO(now, { representation: "date" })}T${text}` : text;
  const [, date, clock = "00:00:00", zone = ""] = dateForm.exec(full) ?? [];
  if (date === undefined) return undefined;
  const [seconds = "", fraction] = clock.split(".");
  const time = parseISO(`${date}T${seconds}${zone.toUpperCase()}`).getTime();
  return Number.isNaN(time) ? undefined : milliseconds(time) + nanoseconds(fraction);
}

function milliseconds(time: number): bigint {
  return BigInt(time) * 1_000_000n;
}

/** The digits behind the point of seconds as nanoseconds. */
function nanoseconds(fraction = ""): bigint {
  return BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}
