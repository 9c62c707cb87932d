// The closing line of a test run.

/**
 * Sums up jest's JSON result; undefined stands for none. `otherFailures` counts what failed outside of jest. A test
 * file that could not run counts as one failure, since none of its tests could say so.
 */
export function closingLine(result, otherFailures = 0) {
  const { numPassedTests = 0, numFailedTests = 0, numRuntimeErrorTestSuites = 0 } = result ?? {};
  const { numPendingTests = 0, numTodoTests = 0 } = result ?? {};
  const failed = numFailedTests + numRuntimeErrorTestSuites + otherFailures;
  return `${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`;
}
