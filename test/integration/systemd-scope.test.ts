import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { contentsOf, createNode, type Node } from "../helpers/node";
import { writeTree } from "../helpers/testdir";

// With a systemd that answers: test/node.

let node: Node;

beforeAll(async () => {
  node = await createNode({ settings: { "crio.runtime": { cgroup_manager: "systemd" } } });
}, 120_000);

afterAll(async () => {
  await node.world.destroy();
}, 120_000);

/** Runs kpod where a script stands for systemd's busctl, which notes how it is called. */
async function podRunWith(script: string): Promise<{ stderr: string; calls: string[] }> {
  const calls = join(node.world.scratch, "calls");
  const content = `#!/bin/sh\necho "$@" >>${calls}\n${script}\n`;
  writeTree(node.world.scratch, { "bin/busctl": { content, mode: 0o755 } });
  const PATH = `${dirname(join(node.world.scratch, "bin/busctl"))}:${process.env.PATH ?? ""}`;
  const args = ["pod", "run", "--name", "new", "--cgroup-parent", "kpod-test.slice"];
  // The first launch of all makes the files of records.
  await node.world.kpod(args, { env: { PATH } });
  const before = contentsOf(node.world);
  const { exitCode, stderr } = await node.world.kpod(args, { env: { PATH } });
  expect(exitCode).toBe(1);
  expect(contentsOf(node.world)).toEqual(before);
  return { stderr, calls: existsSync(calls) ? readFileSync(calls, "utf8").trimEnd().split("\n") : [] };
}

test("a systemd that refuses a scope for conmon fails the launch, which leaves nothing behind", async () => {
  const { stderr, calls } = await podRunWith("echo 'Call failed: Access denied' >&2; exit 1");
  expect(stderr).toBe(
    "Error: systemd made no scope for conmon: Call failed: Access denied: " +
      'where systemd does not run, use cgroup_manager = "cgroupfs" in [crio.runtime]\n',
  );
  expect(calls).toHaveLength(2);
  for (const call of calls) {
    expect(call).toMatch(
      /^call org\.freedesktop\.systemd1 .* StartTransientUnit ssa\(sv\)a\(sa\(sv\)\) crio-conmon-[0-9a-f]{64}\.scope replace 6 PIDs au 1 \d+ Delegate b true .* Slice s \S+\.slice 0$/,
    );
  }
});

test("a parent that is no slice is refused", async () => {
  expect(await node.refusal("pod", "run", "--cgroup-parent", "/pods")).toBe(
    "the cgroup manager is systemd, and /pods is no slice: name one as system.slice, which systemd makes where it is not there",
  );
});
