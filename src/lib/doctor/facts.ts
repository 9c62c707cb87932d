import type { ServerView } from "../server-parts";
import { readerHere, type Reader } from "./readings/reader";

/** How a node is looked at. */
export interface LookOptions {
  /** True where processes, mounts and cgroups are those of the node whose disk this is. */
  readonly live: boolean;
  /** True where nothing may be walked or waited for. */
  readonly quick: boolean;
  /** Milliseconds that something must have been so; the usual ones of each check where left out. */
  readonly minAgeMs?: number | undefined;
  /** Where programs keep what they make in passing: `/tmp` and `/var/tmp` where left out. */
  readonly temporaryDirectories?: readonly string[] | undefined;
  /**
   * Given where the caller holds the locks of the store, which is then read without them: the facts of just before, for
   * what cannot be found out while they are held, such as the states of containers.
   */
  readonly before?: Facts;
  /** What reads thousands of small files meanwhile; this thread where left out. */
  readonly reader?: Reader | undefined;
}

/** What is derived of a node once a look, by a function that has it of the facts. */
export type Fact<T> = (facts: Facts) => T;

/**
 * What is known of a node at one look. Each fact is a function in `facts/`, and is asked for by that function: it is found
 * out when the first check asks, and stays for the whole look, also where it cannot be found out.
 */
export class Facts {
  readonly now = Date.now();
  readonly reader: Reader;
  private readonly known = new Map<unknown, { readonly value: unknown } | { readonly error: unknown }>();

  /**
   * @param firstSeen when something was seen for the first time in this call, by its name; looks share it
   */
  constructor(
    readonly server: ServerView,
    readonly options: LookOptions,
    private readonly firstSeen = new Map<string, number>(),
  ) {
    this.reader = options.reader ?? readerHere;
  }

  /** A fact. @throws what the function threw at the first call */
  get<T>(fact: Fact<T>): T {
    let known = this.known.get(fact);
    if (known === undefined) {
      try {
        known = { value: fact(this) };
      } catch (error) {
        known = { error };
      }
      this.known.set(fact, known);
    }
    if ("error" in known) throw known.error;
    return known.value as T;
  }

  /**
   * Whether something is too young to be at odds: somebody may be at work on it.
   * @param since milliseconds since 1970
   * @param usualMs the age from which it counts, where the user names none
   */
  isYoung(since: number, usualMs: number): boolean {
    return this.now - since < this.ageOr(usualMs);
  }

  /** The age from which something counts, in milliseconds: what the user names, else the usual one. */
  ageOr(usualMs: number): number {
    return this.options.minAgeMs ?? usualMs;
  }

  /** When something that bears no time was seen for the first time in this call. */
  seenSince(name: string): number {
    const since = this.firstSeen.get(name) ?? this.now;
    this.firstSeen.set(name, since);
    return since;
  }
}

/** Milliseconds after which what is in motion on a node has come to rest. */
export const usualAge = 5 * 60_000;

/** Milliseconds after which CRI-O and podman take a layer for one that nobody will use. */
export const layerAge = 24 * 3_600_000;
