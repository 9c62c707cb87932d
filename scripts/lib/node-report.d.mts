/** What a run counted, by jest's names. */
export interface NodeCounts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

/** Reads a report in the form of JUnit; undefined where there is none, or not its end. */
export function countsOfReport(xml: string | undefined): NodeCounts | undefined;
