import { readdirSync } from "node:fs";
import { processLink } from "./process";

/**
 * True for a descriptor that this process was given by whoever started it, as far as that shows: the engine has some of its
 * own, which nobody else may have.
 */
export function isInheritable(fd: number): boolean {
  const link = linkOf(fd);
  if (link === undefined || link.startsWith("anon_inode:")) return false;
  if (!link.startsWith("pipe:")) return true;
  // By a pipe of which it holds both ends the engine wakes itself.
  return readdirSync("/proc/self/fd").filter((other) => linkOf(Number(other)) === link).length === 1;
}

function linkOf(fd: number): string | undefined {
  return processLink("self", `fd/${fd}`);
}
