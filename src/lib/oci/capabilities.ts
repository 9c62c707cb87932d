import { readFileSync } from "node:fs";
import { capabilitiesIn } from "../system/capabilities";
import type { CapabilitySet } from "./spec";

/** All capabilities that this process can hand on: those that the kernel has, less what was taken from it itself. */
export function allCapabilities(): string[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return capabilitiesIn(bounding).map((name) => `CAP_${name}`);
}

/** The capabilities of a process, set by set. */
export type Capabilities = Partial<Record<CapabilitySet, string[]>>;

/**
 * What another user than the container's own has in the same container: root all that the container may ever have, the
 * others none of it, as docker and podman do.
 */
export function capabilitiesOf(uid: number, container: Capabilities): Capabilities {
  const { bounding = [], inheritable } = container;
  const own = uid === 0 ? [...bounding] : [];
  return {
    bounding,
    effective: own,
    permitted: own,
    ...(inheritable === undefined ? {} : { inheritable }),
  };
}
