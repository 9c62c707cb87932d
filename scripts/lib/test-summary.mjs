// The closing line of a test run.

/** What several runs of jest counted, in one; undefined stands for nothing. */
export function addCounts(runs) {
  const sum = {};
  for (const counts of runs) {
    for (const [name, count] of Object.entries(counts ?? {}))
      if (typeof count === "number") sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

/**
 * Sums up what jest counted; undefined stands for nothing. `otherFailures` counts what failed outside of jest. A test
 * file that could not run counts as one failure, since none of its tests could say so.
 */
export function closingLine(counts, otherFailures = 0) {
  const { numPassedTests = 0, numFailedTests = 0, numRuntimeErrorTestSuites = 0 } = counts ?? {};
  const { numPendingTests = 0, numTodoTests = 0 } = counts ?? {};
  const failed = numFailedTests + numRuntimeErrorTestSuites + otherFailures;
  return `${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`;
}
