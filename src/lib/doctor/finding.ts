import { commandsOf, type MendStep } from "./step";

/** How bad something at odds is, the worst first. */
export const severities = ["breaks-now", "breaks-at-start", "leaks", "informs"] as const;

/**
 * What happens if nothing is done: pods break now, or when CRI-O starts the next time; something is used up that nobody
 * gets back; or nothing, and it is only told.
 */
export type Severity = (typeof severities)[number];

/** What something at odds is about. */
type ObjectKind = "layer" | "image" | "container" | "pod" | "process" | "cgroup" | "mount" | "lease" | "path";

/** The thing that is at odds with the rest of the node. */
export interface FoundObject {
  readonly kind: ObjectKind;
  readonly id?: string | undefined;
  /** As users call it. */
  readonly name?: string | undefined;
  readonly path?: string | undefined;
  readonly pid?: number | undefined;
  /** Name in Kubernetes of the pod that it belongs to, and the namespace of that. */
  readonly pod?: string | undefined;
  readonly namespace?: string | undefined;
}

/** One of the things that were looked at, and what it says. */
export interface Evidence {
  /** Path of a file, or what else was asked. */
  readonly file: string;
  readonly says: string;
}

/**
 * When something can be mended: `S` while CRI-O runs, under the locks of the store; `Q` once the processes of the object
 * are dead, or by ending them; `X` while CRI-O is stopped; `N` by no tool.
 */
export type MendClass = "S" | "Q" | "X" | "N";

/** The mending that is offered. */
export interface OfferedMend {
  readonly class: MendClass;
  /** What it does, a clause. */
  readonly what: string;
  /** The commands by which one would do it by hand. */
  readonly commands: readonly string[];
  /** What kpod does, in this order; left out where nothing is done by a tool. */
  readonly steps?: readonly MendStep[];
  /** True for one that is done only where the finding itself is named: it costs somebody something. */
  readonly onlyNamed?: true;
}

/** Offers what kpod does by steps. @param what it does, a clause */
export function mendBySteps(mendClass: MendClass, what: string, steps: readonly MendStep[]): OfferedMend {
  return { class: mendClass, what, commands: commandsOf(steps), steps };
}

/** Something at odds, as a check tells it. */
export interface Found {
  readonly severity: Severity;
  readonly object: FoundObject;
  readonly evidence: readonly Evidence[];
  /** What happens if nothing is done, a sentence without its full stop. */
  readonly consequence: string;
  /** Bytes that are used up by it. */
  readonly bytes?: number;
  readonly mend: OfferedMend;
  /** Milliseconds since 1970 at which it came about, where that is known. */
  readonly since?: number | undefined;
  /** What tells it from others of the same check and object. */
  readonly key?: string;
}

/** Something at odds, with what names it in this and any later call. */
export interface Finding extends Found {
  /** `storage.link-lost:0123456789ab`. */
  readonly finding: string;
  /** The check that found it. */
  readonly id: string;
  readonly bytes: number;
}

/** What a check could not tell, and why. */
export interface Unknown {
  readonly id: string;
  readonly why: string;
}

/** What CRI-O will do when it starts the next time, before it serves anybody. */
export interface Forecast {
  readonly action: "none" | "repair" | "wipe-containers" | "wipe-images" | "wipe-all";
  readonly why: readonly string[];
  /** Bytes that go with it. */
  readonly bytes: number;
}

/** All that was found on a node. */
export interface Examination {
  /** True where nothing was found but what informs, and all could be told. */
  readonly sound: boolean;
  /** The checks that were made. */
  readonly checks: readonly string[];
  readonly unknown: readonly Unknown[];
  readonly forecast: Forecast;
  /** The worst first. */
  readonly findings: readonly Finding[];
}
