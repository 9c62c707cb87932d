import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { defaultConfig } from "../../../src/lib/config";
import { ContainerServer } from "../../../src/lib/container-server";
import { Facts } from "../../../src/lib/doctor/facts";
import { detachSteps } from "../../../src/lib/doctor/facts/attachments";
import { openFiles } from "../../../src/lib/doctor/facts/monitors";
import { deadMonitorPid } from "../../../src/lib/oci/conmon/find";
import { takeDownLeaked } from "../../../src/lib/operations/pod-network";
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

test("plugins are called for no namespace that is named by a pid, which somebody else may have", async () => {
  const directory = testdir({
    plugin: { content: '#!/bin/sh\necho "<$CNI_NETNS>" >"$0.called"\n', mode: 0o755 },
  });
  const pinned = join(directory, "pinned");
  symlinkSync(`/proc/${process.pid}/ns/net`, pinned);
  const config = defaultConfig();
  config.pluginDirs = [directory];
  const cached = {
    path: join(directory, "cached"),
    networkName: "shop",
    containerId: testId("gone"),
    ifName: "eth0",
    config: JSON.stringify({ cniVersion: "1.0.0", name: "shop", plugins: [{ type: "plugin" }] }),
    args: [],
    capabilityArgs: {},
    result: undefined,
  };
  for (const [netns, told] of [
    [`/proc/${process.pid}/ns/net`, ""],
    [pinned, pinned],
  ] as const) {
    expect(detachSteps(config, { ...cached, netns })).toMatchObject([{ netns: told }]);
    await takeDownLeaked({ config }, { ...cached, netns });
    expect(readFileSync(join(directory, "plugin.called"), "utf8")).toBe(`<${told}>\n`);
  }
});
