import { existsSync } from "node:fs";
import { join } from "node:path";
import { contentsOf, tracesOf, useNode } from "../helpers/node";

const node = useNode();

async function statuses(): Promise<string[]> {
  const lines = (await node.ok("ps", "-a", "--format", "{{.State}}")).trim();
  return lines === "" ? [] : lines.split("\n").sort();
}

test("the containers of a pod are paused, thawed, killed and stopped together", async () => {
  const pod = await node.pod("shop");
  await node.start(pod, "one", "sleep 100");
  await node.start(pod, "two", "sleep 100");
  expect(await node.ok("pod", "pause", "shop")).toBe(`${pod.id}\n`);
  expect(await statuses()).toEqual(["paused", "paused"]);
  expect(await node.refusal("pod", "rm", "-f", "shop")).toContain("is paused: unpause or kill it first");
  await node.ok("pod", "unpause", "shop");
  expect(await statuses()).toEqual(["running", "running"]);
  await node.ok("pod", "kill", "shop");
  expect(await statuses()).toEqual(["stopped", "stopped"]);
  expect(await node.refusal("pod", "kill", "shop")).toContain("no container of it runs");
  await node.ok("pod", "stop", "-t", "0", "shop");
  expect(existsSync(join(pod.infraContainer.dir, "stopped"))).toBe(true);
  expect(await node.ok("pod", "ps", "--noheading")).toContain("NotReady");
  await node.agree();
  await node.ok("pod", "rm", "shop");
  expect(await node.ok("pod", "ps", "-q")).toBe("");
});

test("pod rm leaves nothing of containers, infra container, namespaces and shm", async () => {
  const before = contentsOf(node.world);
  const pod = await node.pod("gone");
  const container = await node.start(pod, "busy", "sleep 100");
  expect(await node.refusal("pod", "rm", "gone")).toContain("stop it first or use -f");
  expect(await node.ok("pod", "rm", "-f", "gone")).toBe(`${pod.id}\n`);
  expect([...tracesOf(node.world, container), ...tracesOf(node.world, pod.infraContainer)]).toEqual([]);
  // Logs stay; the bind mount of the driver on itself comes and goes with other programs.
  const logs = (line: string): boolean =>
    !line.includes(node.world.logDir) && line !== `mount ${node.world.root}/overlay`;
  expect(contentsOf(node.world).filter(logs)).toEqual(before.filter(logs));
});

test("bad input", async () => {
  expect(await node.refusal("pod", "stop", "nobody")).toBe(
    "pod with ID starting with nobody not found: ID does not exist",
  );
  const pod = await node.pod("front");
  await node.create(pod, "web", "sleep 1000");
  for (const name of ["front", pod.id, pod.id.slice(0, 13)]) {
    expect(await node.refusal("logs", name)).toBe(
      `cannot show the logs of container ${name}: it is a pod: name a container of it: front/web`,
    );
    expect(await node.refusal("wait", name)).toMatch(
      /^cannot wait for .*: name a container of it: front\/web$/,
    );
  }
  await node.ok("pod", "rm", "-f", "front");
  for (const verb of ["stop", "rm", "kill", "pause", "unpause"]) {
    expect((await node.kpod("pod", verb)).exitCode).toBe(2);
  }
});
