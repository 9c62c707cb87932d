// Tells scripts/test.mjs how many tests passed and failed. Jest's own `--json` gives up where an error leads back to
// itself, as those of programs that cannot be started do.
import { writeFileSync } from "node:fs";

export default class CountsReporter {
  onRunComplete(_contexts, results) {
    const { success, numPassedTests, numFailedTests, numPendingTests, numTodoTests } = results;
    const counts = { success, numPassedTests, numFailedTests, numPendingTests, numTodoTests };
    const { numRuntimeErrorTestSuites } = results;
    writeFileSync(process.env.KPOD_TEST_COUNTS, JSON.stringify({ ...counts, numRuntimeErrorTestSuites }));
  }
}
