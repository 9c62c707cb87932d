import { truncateSync } from "node:fs";
import { join } from "node:path";
import { reasonInLog } from "../../../src/lib/checkpoint/criu-log";
import { testdir } from "../../helpers/testdir";

test("the first error of criu's log is the reason", () => {
  const directory = testdir({
    dumped: [
      "(00.000001) Version: 3.17.1",
      "(00.010000) Warn  (criu/x.c:1): a warning",
      "(00.020000)     42: Error (criu/sk-inet.c:191): inet: Connected TCP socket, consider using --tcp-established option.",
      "(00.030000) Error (criu/cr-dump.c:1781): Dumping FAILED.",
    ].join("\n"),
    early:
      "Error (criu/vdso.c:381): vdso: Unexpected rt vDSO area bounds\nError (criu/crtools.c:260): Could not\n",
    well: "(00.000001) Dumping finished successfully\n",
    long: `${"(00.000001) a page\n".repeat(500_000)}(00.000002) Error (criu/mem.c:1): no memory\n`,
  });
  expect(reasonInLog(join(directory, "dumped"))).toBe(
    "inet: Connected TCP socket, consider using --tcp-established option.",
  );
  expect(reasonInLog(join(directory, "early"))).toBe("vdso: Unexpected rt vDSO area bounds");
  expect(reasonInLog(join(directory, "well"))).toBeUndefined();
  expect(reasonInLog(join(directory, "long"))).toBe("no memory");
  expect(reasonInLog(join(directory, "missing"))).toBeUndefined();
});

test("a log that has no end is read in part", () => {
  const directory = testdir({ huge: "Error (criu/x.c:1): of before\n" });
  const path = join(directory, "huge");
  truncateSync(path, 8 * 1024 ** 4);
  expect(reasonInLog(path)).toBeUndefined();
});
