import { spawn } from "node:child_process";
import { copyFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../../scripts/lib/layout.mjs";
import { crioStartedSince } from "../../../src/lib/crio/started";
import { readTextIfThere } from "../../../src/lib/system/files";
import { testdir } from "../../helpers/testdir";
import { until } from "../../helpers/until";

test("a CRI-O that was started since is told by its version file", () => {
  const versionFile = join(testdir({ version: '"1.36.3"' }), "version");
  const written = Date.now() + 3_600_000;
  utimesSync(versionFile, written / 1000, written / 1000);
  expect(crioStartedSince({ versionFile }, written)).toBe(true);
  expect(crioStartedSince({ versionFile }, written - 1_000)).toBe(true);
  expect(crioStartedSince({ versionFile }, written + 1_000)).toBe(false);
  expect(crioStartedSince({ versionFile: "" }, written)).toBe(false);
  expect(crioStartedSince({ versionFile: `${versionFile}-none` }, written)).toBe(false);
});

test("and by its process", async () => {
  // Not by its own name: other tests look for that at the same time.
  const command = "kpod-test-crio";
  const program = join(testdir(), command);
  copyFileSync(findProgram("sleep") ?? "sleep", program);
  const since = Date.now();
  const child = spawn(program, ["1000"]);
  try {
    await until("it runs", () => readTextIfThere(`/proc/${child.pid ?? 0}/comm`) === `${command}\n`);
    expect(crioStartedSince({ versionFile: "" }, since, command)).toBe(true);
    expect(crioStartedSince({ versionFile: "" }, since + 3_600_000, command)).toBe(false);
  } finally {
    child.kill("SIGKILL");
  }
});
