import { uptime } from "node:os";
import { errnoOf } from "../errors";
import { readSmallText } from "./scratch";

/** Memory of the node in bytes, as /proc/meminfo has it. */
export interface NodeMemory {
  memTotal: number;
  memFree: number;
  swapTotal: number;
  swapFree: number;
}

/** Reads the node's memory; what /proc does not tell is 0. */
export function nodeMemory(path = "/proc/meminfo"): NodeMemory {
  const text = readOrNothing(path);
  const bytes = (key: string): number =>
    1024 * Number(new RegExp(`^${key}:\\s*(\\d+) kB$`, "m").exec(text)?.[1] ?? 0);
  return {
    memTotal: bytes("MemTotal"),
    memFree: bytes("MemFree"),
    swapTotal: bytes("SwapTotal"),
    swapFree: bytes("SwapFree"),
  };
}

/**
 * How long the node has been up, in the words of kpod 1.0: `51h 4m 9.21s (Approximately 2.13 days)`.
 * @param seconds since its start
 */
export function uptimeText(seconds = uptime()): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${Number((seconds % 60).toFixed(2))}s`;
  if (hours === 0) return minutes === 0 ? rest : `${minutes}m ${rest}`;
  return `${hours}h ${minutes}m ${rest} (Approximately ${(hours / 24).toFixed(2)} days)`;
}

function readOrNothing(path: string): string {
  try {
    return readSmallText(path, "latin1");
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return "";
  }
}
