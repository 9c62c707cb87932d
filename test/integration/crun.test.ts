import { existsSync } from "node:fs";
import { join } from "node:path";
import type { StorageId } from "../../src/lib/names/ids";
import { persistedState, pidOf, tracesOf, useNode, usePod } from "../helpers/node";
import { until } from "../helpers/until";

/** The verbs that behave differently where the runtime is another; modern.test.ts has the rest. */
const node = useNode({ runtime: "crun" });
const pod = usePod(node, "shop");

const stateOf = async (name: string): Promise<string> =>
  (await node.ok("ps", "-a", "--filter", `name=k8s_${name}_`, "--format", "{{.State}} {{.ExitCode}}")).trim();

test("run: its output, its exit code, and nothing left with --rm", async () => {
  const words = ["run", "--rm", "--cgroup-parent", node.world.cgroupParent, "busybox", "sh", "-c"];
  const result = await node.kpod(...words, "echo out; echo err >&2; exit 3");
  expect(result).toEqual({ stdout: "out\n", stderr: "err\n", exitCode: 3 });
  const missing = await node.kpod(...words.slice(0, -2), "no-such-program");
  expect([missing.exitCode, missing.stdout]).toEqual([127, ""]);
  expect(missing.stderr).toMatch(/^Error: .*no-such-program/);
  expect(await node.ok("ps", "-aq")).toBe("");
  await node.agree();
});

test("pause, unpause, kill, wait: what is said is what crun did", async () => {
  const script = "trap 'exit 7' USR1; while :; do sleep 0.1; done";
  const container = await node.start(pod, "busy", script);
  expect(await stateOf("busy")).toBe("running");
  expect(await node.ok("top", "busy", "comm,ppid")).toMatch(/^COMMAND +PPID\nsh +0\n(sleep +1\n)?$/);
  expect(await node.ok("pause", "busy")).toBe(`${container.id}\n`);
  expect(await stateOf("busy")).toBe("paused");
  expect(await node.refusal("pause", "busy")).toBe(`container ${container.id} is already paused`);
  expect(await node.refusal("stop", "busy")).toContain(`cannot stop paused container ${container.id}`);
  expect(await node.refusal("rm", "-f", "busy")).toContain(`cannot remove paused container ${container.id}`);
  const stats = JSON.parse(await node.ok("stats", "--no-stream", "--json", "busy")) as { pids: number }[];
  expect(stats[0]?.pids).toBeGreaterThan(0);
  expect(await node.ok("unpause", "busy")).toBe(`${container.id}\n`);
  expect(await node.refusal("unpause", "busy")).toBe(`the container ${container.id} is not paused`);

  expect(await node.ok("wait", "--condition", "running", "busy")).toMatch(/^\S*\n$/);
  const waiting = node.ok("wait", "busy");
  await node.ok("kill", "-s", "USR1", "busy");
  expect(await waiting).toBe("7\n");
  expect(await stateOf("busy")).toBe("stopped 7");
  expect(await node.refusal("kill", "busy")).toBe(`cannot kill container ${container.id}: it is not running`);
  await node.agree();
  await node.ok("rm", "busy");
  expect(tracesOf(node.world, container)).toEqual([]);
});

test("a created one: shown, paused as crun can, stopped, renamed and removed", async () => {
  const container = await node.create(pod, "fresh", "sleep 1000");
  expect(await stateOf("fresh")).toBe("created");
  expect(existsSync(join(node.world.runtimeRoots.crun, container.id))).toBe(true);
  const renamed = container.name.replace("k8s_fresh_", "k8s_other_");
  await node.ok("rename", "fresh", renamed);
  expect(await node.ok("inspect", "-f", "{{.Name}} {{.State.Status}} {{.Pid}}", "other")).toBe(
    `${renamed} created ${pidOf(container)}\n`,
  );
  expect(await node.ok("stop", "other")).toBe(`${container.id}\n`);
  expect(await stateOf("other")).toBe("stopped 137");
  expect(persistedState(container)).toMatchObject({ status: "stopped", exitCode: 137 });
  await node.ok("rm", "other");
  expect(tracesOf(node.world, container)).toEqual([]);
});

test("one that ignores TERM, and one that only crun still knows", async () => {
  const deaf = await node.start(pod, "deaf", "trap '' TERM; echo up; while :; do sleep 0.1; done");
  await until("it listens", async () => (await node.kpod("logs", "deaf")).stdout === "up\n");
  expect(await node.ok("stop", "-t", "1", "deaf")).toBe(`${deaf.id}\n`);
  expect(await stateOf("deaf")).toBe("stopped 137");
  await node.ok("rm", "deaf");

  const lost = await node.start(pod, "lost", "sleep 1000");
  const { server } = await node.openServer();
  await server.store.deleteContainer(lost.id as StorageId);
  expect(await node.refusal("rm", lost.id)).toContain("ID does not exist");
  await node.ok("rm", "-f", lost.id);
  expect(tracesOf(node.world, lost)).toEqual([]);
  await node.agree();
});
