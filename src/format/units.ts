/** What stands for a number that is not known. */
export const unknownNumber = "--";

const sizeUnits = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"] as const;

/**
 * A size as docker prints it: decimal units and four significant digits (`221.2kB`, `25.28GB`, `0B`).
 *
 * @param bytes the size; not negative
 */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  // As Go's %.4g: rounded to four digits, without zeros at the end.
  return `${Number(value.toPrecision(4))}${sizeUnits[unit] ?? ""}`;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/**
 * A span of time in docker's words (`Less than a second`, `2 minutes`, `About an hour`, `3 weeks`): the steps
 * and the rounding are those of HumanDuration in docker/go-units.
 *
 * @param milliseconds the span; one below zero (a clock that was set back) counts as none
 */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / second);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(milliseconds / minute);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(milliseconds / hour + 0.5);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(milliseconds / hour / 24 / 365)} years`;
}

/**
 * How long ago a moment was: `2 minutes ago`.
 *
 * @param moment the moment, in milliseconds since 1970
 * @param now the present, in milliseconds since 1970
 */
export function humanAgo(moment: number, now: number): string {
  return `${humanDuration(now - moment)} ago`;
}

/** A moment as docker writes it: `2026-11-23 14:02:11 +0000 UTC`. */
export function timeText(moment: Date): string {
  return `${moment.toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
}
