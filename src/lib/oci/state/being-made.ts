import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../container";

/** Milliseconds after which CRI-O itself gives up what it makes. */
const makingTimeLimit = 240_000;

/**
 * True for a container or pod that is just being made, by CRI-O or by another kpod: its record comes first, then its
 * spec, and its state as the last. What of it cannot be read yet is no fault.
 */
export function isBeingMade(container: Pick<Container, "dir" | "bundlePath" | "createdAt">): boolean {
  return isYoung(container) && !hasStateFile(container);
}

/** True for what was recorded within the time that making it may take. A clock may have been set back meanwhile. */
export function isYoung({ createdAt }: Pick<Container, "createdAt">): boolean {
  return Math.abs(Date.now() - createdAt.getTime()) <= makingTimeLimit;
}

/** False for a container that nobody has made to the end, or whose directories are lost. */
export function hasStateFile({ dir, bundlePath }: Pick<Container, "dir" | "bundlePath">): boolean {
  return [dir, bundlePath].some((directory) => existsSync(join(directory, "state.json")));
}
