import { join } from "node:path";
import { defaultConfig } from "../../../src/lib/config";
import { ContainerServer } from "../../../src/lib/container-server";
import { Facts } from "../../../src/lib/doctor/facts";
import { openFiles } from "../../../src/lib/doctor/facts/monitors";
import { deadMonitorPid } from "../../../src/lib/oci/conmon/find";
import { allProcesses } from "../../../src/lib/system/process";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

function deadAt(pid: number): number | undefined {
  const bundlePath = testdir({ "conmon-pidfile": String(pid) });
  return deadMonitorPid({ id: testId("web"), bundlePath, dir: join(bundlePath, "none") });
}

const thread = allProcesses().find(({ isOfKernel }) => isOfKernel)?.pid;

test("a conmon is dead whose pid another program has", () => {
  expect(deadAt(process.pid)).toBe(process.pid);
});

// Where tests have a pid namespace of their own, there are none.
(thread === undefined ? test.skip : test)("a conmon is dead whose pid a thread of the kernel has", () => {
  expect(deadAt(thread ?? 0)).toBe(thread);
});

test("what programs have open is told in a quick look, too, such as kpod-why has it", async () => {
  const config = defaultConfig();
  const directory = testdir({});
  config.root = join(directory, "root");
  config.runRoot = join(directory, "runroot");
  for (const quick of [true, false]) {
    const open = await new Facts(new ContainerServer(config), { live: true, quick }).get(openFiles);
    expect(open.get(process.pid)?.count).toBeGreaterThan(0);
  }
});
