// Keeps jest's summary and its counts for scripts/test.mjs, which prints them below what else there is to say. Jest's
// own `--json` gives up where an error leads back to itself, as those of programs that cannot be started do.
import { SummaryReporter } from "@jest/reporters";
import { writeFileSync } from "node:fs";

export default class KeptSummaryReporter extends SummaryReporter {
  #summary = "";

  log(message) {
    this._write(`${message}\n`);
  }

  _write(text) {
    this.#summary += text;
  }

  onRunComplete(contexts, results) {
    super.onRunComplete(contexts, results);
    const { success, numPassedTests, numFailedTests, numPendingTests, numTodoTests } = results;
    const { numRuntimeErrorTestSuites } = results;
    const counts = {
      numPassedTests,
      numFailedTests,
      numPendingTests,
      numTodoTests,
      numRuntimeErrorTestSuites,
    };
    const report = { success, summary: this.#summary, counts };
    writeFileSync(process.env.KPOD_TEST_REPORT, JSON.stringify(report));
  }
}
