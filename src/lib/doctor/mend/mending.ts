import type { MendStep } from "../step";
import type { Journal, Was } from "./journal";

/** The mending of a finding while it is done: one entry of the journal, which begins with the first step. */
export class Mending {
  private number: number | undefined;
  private count = 0;
  /** What it has done that stays where it fails, a clause each. */
  readonly kept: string[] = [];

  constructor(
    readonly journal: Journal,
    private readonly finding: string,
  ) {}

  /**
   * Writes which steps come next.
   * @param what the mending does, a clause
   * @returns the number of the first of them
   */
  add(what: string, steps: readonly MendStep[]): number {
    if (this.number === undefined) this.number = this.journal.beginEntry(this.finding, what, steps);
    else this.journal.continueEntry(this.number, steps);
    const first = this.count;
    this.count += steps.length;
    return first;
  }

  /** True when the journal has it. */
  get isBegun(): boolean {
    return this.number !== undefined;
  }

  before(step: number, was: Was): void {
    if (this.number !== undefined) this.journal.before(this.number, step, was);
  }

  done(step: number): void {
    if (this.number !== undefined) this.journal.done(this.number, step);
  }

  /** Nothing is half done that the next mending would have to end: it was rolled back, but for what is kept. */
  fail(): void {
    if (this.number !== undefined) this.journal.undone(this.number, this.kept);
  }

  end(): void {
    if (this.number !== undefined) this.journal.end(this.number);
  }
}
