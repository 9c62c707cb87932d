import { errnoOf, isNotFound } from "../errors";
import { fileLimits, readRegularText } from "./files";

/** What a network device has counted since it was made. */
export interface NetworkInterface {
  name: string;
  rxBytes: number;
  rxPackets: number;
  rxErrors: number;
  rxDropped: number;
  txBytes: number;
  txPackets: number;
  txErrors: number;
  txDropped: number;
}

/** The devices of a process's network namespace, with what they counted; undefined when it is gone. */
export function readNetworkInterfaces(pid: number): NetworkInterface[] | undefined {
  try {
    return parseNetDev(readRegularText(`/proc/${pid}/net/dev`, fileLimits.kernel));
  } catch (error) {
    // EINVAL: a process that has ended and waits to be reaped has no namespace any more (proc_net(5)).
    const errno = errnoOf(error);
    if (isNotFound(error) || errno === "ESRCH" || errno === "EINVAL") return undefined;
    throw error;
  }
}

/** Reads the text of /proc/PID/net/dev: two lines of headings, then `NAME: ` and 8 numbers in, 8 out. */
export function parseNetDev(text: string): NetworkInterface[] {
  return text
    .split("\n")
    .slice(2)
    .flatMap((line) => {
      const colon = line.indexOf(":");
      if (colon < 0) return [];
      const numbers = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/)
        .map(Number);
      return {
        name: line.slice(0, colon).trim(),
        rxBytes: numbers[0] ?? 0,
        rxPackets: numbers[1] ?? 0,
        rxErrors: numbers[2] ?? 0,
        rxDropped: numbers[3] ?? 0,
        txBytes: numbers[8] ?? 0,
        txPackets: numbers[9] ?? 0,
        txErrors: numbers[10] ?? 0,
        txDropped: numbers[11] ?? 0,
      };
    });
}
