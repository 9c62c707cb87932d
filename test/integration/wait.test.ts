import { readFileSync } from "node:fs";
import { finish } from "../helpers/process";
import { isAlive } from "../../src/lib/system/process";
import { conmonOf, pidOf, useNode, usePod } from "../helpers/node";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

test("prints the exit codes in the order given, whichever ends first", async () => {
  await node.start(pod, "slow", "sleep 1; exit 3");
  await node.start(pod, "quick", "exit 5");
  expect(await node.ok("wait", "slow", "quick")).toBe("3\n5\n");
  expect(await node.ok("wait", "slow")).toBe("3\n");
});

test("137 for a killed one", async () => {
  await node.start(pod, "victim", "sleep 100");
  const waiting = finish(node.world.startKpod(["wait", "victim"]), "kpod wait");
  await node.ok("kill", "victim");
  expect(await waiting).toMatchObject({ exitCode: 0, stdout: "137\n" });
});

test("notices an end that nobody wrote down", async () => {
  const container = await node.start(pod, "orphan", "sleep 100");
  const waiting = finish(node.world.startKpod(["wait", "orphan"]), "kpod wait");
  process.kill(conmonOf(container), "SIGKILL");
  process.kill(pidOf(container), "SIGKILL");
  await until("what the test waits for", () => !isAlive({ pid: pidOf(container) }));
  expect(await waiting).toMatchObject({ exitCode: 0, stdout: "255\n" });
});

test("--timeout and --condition", async () => {
  const container = await node.create(pod, "never", "true");
  expect(await node.refusal("wait", "--timeout", "0.2", "never")).toContain(`${container.id} is not stopped`);
  await node.start(pod, "up", "sleep 100");
  expect(await node.ok("wait", "--condition", "running", "up")).toBe("0\n");
  await node.ok("pause", "up");
  expect(await node.ok("wait", "--condition", "paused", "up")).toBe("0\n");
});

test("Ctrl-C ends it with 130", async () => {
  await node.start(pod, "long", "sleep 100");
  const child = node.world.startKpod(["wait", "long"]);
  const finished = new Promise((resolve) => child.once("close", resolve));
  // Before kpod listens, the signal would end node itself.
  await until("what the test waits for", () => readsSignals(child.pid ?? 0));
  child.kill("SIGINT");
  expect(await finished).toBe(130);
});

/** True once a process catches SIGHUP: kpod takes it together with SIGINT, which node catches from its start. */
function readsSignals(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  return (BigInt(`0x${caught}`) & 1n) !== 0n;
}
