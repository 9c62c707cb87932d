import type { UnownedKind } from "../storage/unowned";

/** The kinds of things by which the room that a store takes is told, in their order. */
export const usageTypes = ["Images", "Containers", "Logs", "Volumes", "Unowned", "Others"] as const;

/** Of what kind something is that takes room; `Others` are podman, buildah and all that kpod does not know. */
export type UsageType = (typeof usageTypes)[number];

/** Something that takes room on the disk. */
export interface UsedSpace {
  readonly kind: UsageKind;
  /** Full id, "" for what has none. */
  readonly id: string;
  readonly name: string;
  /** Where it lies, or its part that is its own; "" for what has no place of its own. */
  readonly path: string;
  /** Bytes; undefined when they cannot be measured. */
  readonly size: number | undefined;
  /** Bytes among them that others of its kind have as well. */
  readonly shared: number;
  /** Bytes that the disk would get back if it were removed now: none for what cannot be, for it is used. */
  readonly frees: number;
  /** True for what is used: an image that a container has, what has not ended, a log of that, what somebody is at work on. */
  readonly active: boolean;
}

/** What something is that takes room; a `layer` has a record and no image. */
export type UsageKind = "image" | "container" | "pod" | "log" | "volume" | "layer" | "file" | UnownedKind;

/** What all things of one kind take. */
export interface UsageRow {
  readonly type: UsageType;
  readonly total: number;
  readonly active: number;
  /** Bytes; what several share is counted once. */
  readonly size: number;
  /** Bytes that the disk would get back if all that is not used, and is CRI-O's, were removed. */
  readonly reclaimable: number;
  readonly items: readonly UsedSpace[];
}

/** A row of things that share nothing. */
export function plainRow(type: UsageType, items: readonly UsedSpace[], further = 0): UsageRow {
  const size = items.reduce((sum, item) => sum + (item.size ?? 0), further);
  const reclaimable = items.reduce((sum, { active, frees }) => sum + (active ? 0 : frees), 0);
  return { type, total: items.length, active: countActive(items), size, reclaimable, items };
}

/** How many of these are used. */
export function countActive(items: readonly UsedSpace[]): number {
  return items.filter(({ active }) => active).length;
}
