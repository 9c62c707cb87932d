import { execFileSync } from "node:child_process";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { dirname, join } from "node:path";
import { mount, unmount } from "../../../src/lib/system/mount";
import { examinedBy } from "../../helpers/doctor";
import { testId } from "../../helpers/store-tree";
import { versionServer, versionWorld } from "../../helpers/version-worlds";

const words = ["system.clock-boot"];

test("what a boot before this one knew is told where it does not lie in memory", async () => {
  const directory = versionWorld("1.36");
  const runtimeRoot = join(directory, "runc");
  const { server } = versionServer(directory);
  const { config, store } = server;
  const [handler] = Object.keys(config.runtimes);
  const runtime = config.runtimes[handler ?? ""];
  if (handler === undefined || runtime === undefined) throw new Error("the world has no runtime");
  config.runtimes = { ...config.runtimes, [handler]: { ...runtime, runtimeRoot } };
  const { mountsFile } = store.layout;
  const write = (): void => {
    mkdirSync(join(runtimeRoot, testId("left")), { recursive: true });
    mkdirSync(dirname(mountsFile), { recursive: true });
    writeFileSync(mountsFile, JSON.stringify([{ id: testId("layer"), path: "/nowhere", count: 1 }]));
  };
  const before = Date.now() / 1000 - uptime() - 3_600;
  const age = (): void => {
    for (const path of [mountsFile, join(runtimeRoot, testId("left"))]) utimesSync(path, before, before);
  };
  write();
  expect(await examinedBy(server, words)).toEqual([]);
  age();
  const isMemory =
    execFileSync("stat", ["-f", "-c", "%T", directory], { encoding: "utf8" }).trim() === "tmpfs";
  const [found, ...others] = await examinedBy(server, words);
  expect(others).toEqual([]);
  if (isMemory) expect(found).toBeUndefined();
  else
    expect(found).toMatchObject({
      severity: "informs",
      object: { path: config.runRoot },
      evidence: [
        { file: mountsFile, says: "counts 1 mounts of before the last boot" },
        { file: runtimeRoot, says: "has 1 states of before the last boot" },
        { file: "/proc/uptime" },
      ],
    });

  for (const target of [config.runRoot, runtimeRoot]) mount({ source: "kpod-test", target, type: "tmpfs" });
  try {
    write();
    age();
    expect(await examinedBy(server, words)).toEqual([]);
  } finally {
    for (const target of [config.runRoot, runtimeRoot]) unmount(target);
  }
});
