import type { Facts } from "./facts";
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
  /**
   * Looks. What is thrown as KpodError is told as what could not be told.
   * @param unsure is told what the check cannot tell beside what it finds
   */
  readonly find: (
    facts: Facts,
    unsure: (why: string) => void,
  ) => readonly Found[] | Promise<readonly Found[]>;
}
