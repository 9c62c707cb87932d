import { spawn } from "node:child_process";
import { readlinkSync, statSync } from "node:fs";
import { readNamespaceInodes } from "../../../src/lib/system/namespaces";

test("the numbers are those of the files in /proc/PID/ns", () => {
  const inodes = readNamespaceInodes(process.pid);
  const kinds = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] as const;
  expect(Object.keys(inodes ?? {})).toEqual(kinds);
  for (const kind of kinds) {
    expect(inodes?.[kind]).toBe(String(statSync(`/proc/self/ns/${kind}`).ino));
    expect(readlinkSync(`/proc/self/ns/${kind}`)).toBe(`${kind}:[${inodes?.[kind] ?? ""}]`);
  }
});

test("a process that is gone has none", async () => {
  const child = spawn("true");
  const { pid } = child;
  await new Promise((resolve) => child.on("close", resolve));
  expect(readNamespaceInodes(pid ?? 0)).toBeUndefined();
});
