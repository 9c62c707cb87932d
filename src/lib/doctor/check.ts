import type { Fact, Facts } from "./facts";
import type { Found, Severity } from "./finding";

/**
 * One kind of trouble on a node. Each is a file of its own in `checks/`, which exports it as `check`; `npm run docs` makes
 * the list of them, and of each a paragraph of the manual.
 */
export interface Check {
  /** What users call it: `storage.link-lost`. It never changes. */
  readonly id: string;
  /** Its place among the checks by its worth: those with small ones are made, and told, first. */
  readonly rank: number;
  /** The worst that it can find. */
  readonly severity: Severity;
  /** A paragraph of the manual in Markdown: the symptom, what is compared, what is offered. */
  readonly about: string;
  /** False for one that walks trees or waits for somebody: it is not made in a hurry. */
  readonly quick: boolean;
  /** True for one that asks the kernel or CRI-O, which tell nothing of a disk of another node. */
  readonly live: boolean;
  /** Facts that programs have to be asked for, or a reader: they are at it while other checks are made. */
  readonly asks?: readonly Fact<Promise<unknown>>[];
  /**
   * Looks. What is thrown as KpodError, or by the operating system, is told as what could not be told.
   * @param unsure is told what the check cannot tell beside what it finds
   */
  readonly find: (
    facts: Facts,
    unsure: (why: string) => void,
  ) => readonly Found[] | Promise<readonly Found[]>;
}

/** What a check has found at a look, and what it could not tell. */
export interface Made {
  readonly found: readonly Found[];
  readonly unsure: readonly string[];
}

const facts = new WeakMap<Check, Fact<Promise<Made>>>();

/** Makes a check, once a look: one that builds upon others asks for what these have found. @throws as the check does */
export function makeOnce(check: Check, look: Facts): Promise<Made> {
  const fact: Fact<Promise<Made>> =
    facts.get(check) ??
    (async (at) => {
      const unsure: string[] = [];
      const found = await check.find(at, (why) => unsure.push(why));
      return { found, unsure };
    });
  facts.set(check, fact);
  return look.get(fact);
}
