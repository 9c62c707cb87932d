import { longestTimer } from "../system/clock";

/** Nanoseconds since 1970-01-01T00:00:00Z: a Date cannot tell apart what conmon writes within one millisecond. */
export type LogTime = bigint;

const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:Z|([+-])(\d\d):?(\d\d))$/;

/** The time that a line of a log begins with; undefined when the text is none. */
export function parseLogTime(text: string): LogTime | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const field = (index: number): number => Number(match[index] ?? 0);
  const utc = Date.UTC(field(1), field(2) - 1, field(3), field(4), field(5), field(6));
  const offset = (field(9) * 60 + field(10)) * 60_000 * (match[8] === "-" ? -1 : 1);
  return millisecondsToLogTime(utc - offset) + BigInt((match[7] ?? "").padEnd(9, "0"));
}

/** A time of JavaScript as a LogTime. @param milliseconds whole ones since 1970 */
function millisecondsToLogTime(milliseconds: number): LogTime {
  return BigInt(milliseconds) * 1_000_000n;
}

/** A time in either form as a LogTime. */
export function toLogTime(time: Date | LogTime): LogTime {
  return typeof time === "bigint" ? time : millisecondsToLogTime(time.getTime());
}

/**
 * A promise that resolves when a time has come.
 * @param time undefined for never
 */
export function timeReached(time: LogTime | undefined): { reached: Promise<void>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const reached = new Promise<void>((resolve) => {
    const look = (): void => {
      if (time === undefined) return;
      const left = Number((time - millisecondsToLogTime(Date.now())) / 1_000_000n) + 1;
      if (left <= 0) resolve();
      else timer = setTimeout(look, Math.min(left, longestTimer));
    };
    look();
  });
  return {
    reached,
    cancel: () => {
      clearTimeout(timer);
    },
  };
}
