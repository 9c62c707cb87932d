import { longestTimer } from "../system/clock";
import { millisecondsToLogTime, type LogTime } from "./log-time";

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
