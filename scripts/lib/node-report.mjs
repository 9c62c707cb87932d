// What the tests in the virtual machine report.

/** See node-report.d.mts. */
export function countsOfReport(xml) {
  // One that broke off has no end.
  const head = xml?.includes("</testsuites>") ? /<testsuites\b[^>]*>/.exec(xml)?.[0] : undefined;
  if (head === undefined) return undefined;
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const [numFailedTests, numPendingTests] = [count("failures") + count("errors"), count("skipped")];
  return {
    numPassedTests: count("tests") - numFailedTests - numPendingTests,
    numFailedTests,
    numPendingTests,
  };
}
