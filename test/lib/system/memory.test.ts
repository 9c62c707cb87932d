import { join } from "node:path";
import { nodeMemory, uptimeText } from "../../../src/lib/system/memory";
import { testdir } from "../../helpers/testdir";

test("memory is told in bytes; what is not told is 0", () => {
  const meminfo = "MemTotal:       24683940 kB\nMemFree:         5 kB\nSwapTotal:       1 kB\n";
  const path = join(testdir({ meminfo }), "meminfo");
  expect(nodeMemory(path)).toEqual({
    memTotal: 24683940 * 1024,
    memFree: 5 * 1024,
    swapTotal: 1024,
    swapFree: 0,
  });
  expect(nodeMemory(`${path}.not`)).toEqual({ memTotal: 0, memFree: 0, swapTotal: 0, swapFree: 0 });
});

test.each([
  [9.2, "9.2s"],
  [61, "1m 1s"],
  [3600, "1h 0m 0s (Approximately 0.04 days)"],
  [183849.21, "51h 4m 9.21s (Approximately 2.13 days)"],
])("%d seconds are %s", (seconds, expected) => {
  expect(uptimeText(seconds)).toBe(expected);
});
