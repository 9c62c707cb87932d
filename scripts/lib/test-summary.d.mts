/** The counts of jest's JSON result. */
export interface JestCounts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

/** What several runs of jest counted, in one; undefined stands for nothing. */
export function addCounts(runs: readonly (JestCounts | undefined)[]): JestCounts;

/** `N passed, N failed, N skipped`. */
export function closingLine(result: JestCounts | undefined, otherFailures?: number): string;
