import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { unmount } from "../../src/lib/system/mount";
import { conmonOf, createNode, pidOf, tracesOf, type Node } from "../helpers/node";
import { until } from "../helpers/until";
import { isProcessAlive } from "../../src/lib/system/process";

let node: Node;
let pod: Sandbox;

beforeAll(async () => {
  node = await createNode();
  pod = await node.pod("shop");
}, 120_000);

afterAll(async () => {
  await node.world.destroy();
}, 60_000);

const endless = "while :; do sleep 0.1; done";

async function expectGone(container: Container): Promise<void> {
  expect(tracesOf(node.world, container)).toEqual([]);
  await node.agree();
}

test("a running one only with -f, and then nothing of it is left", async () => {
  const container = await node.start(pod, "busy", endless);
  expect(await node.refusal("rm", "busy")).toBe(
    `cannot remove running container ${container.id}: stop it first or use -f`,
  );
  expect(await node.ok("rm", "-f", "busy")).toBe(`${container.id}\n`);
  await expectGone(container);
});

test("created and stopped ones without", async () => {
  const created = await node.create(pod, "created", endless);
  const stopped = await node.start(pod, "stopped", "exit 3");
  await node.ok("wait", "stopped");
  await node.ok("rm", "created", "stopped");
  await expectGone(created);
  await expectGone(stopped);
});

const halves: [string, (container: Container) => unknown][] = [
  [
    "the runtime's state",
    ({ id }) => {
      rmSync(join(node.world.runtimeRoots.runc, id), { recursive: true });
    },
  ],
  [
    "its process and conmon, without an exit file",
    async (container) => {
      const pids = [conmonOf(container), pidOf(container)];
      for (const pid of pids) process.kill(pid, "SIGKILL");
      await until("what the test waits for", () => !pids.some((pid) => isProcessAlive(pid)));
    },
  ],
  ["its mount", ({ layerId }) => unmount(join(node.world.root, "overlay", layerId, "merged"))],
  [
    "its layer's directory",
    ({ layerId }) => {
      unmount(join(node.world.root, "overlay", layerId, "merged"));
      rmSync(join(node.world.root, "overlay", layerId), { recursive: true });
    },
  ],
  [
    "its bundle",
    ({ bundlePath }) => {
      rmSync(bundlePath, { recursive: true });
    },
  ],
  [
    "both its directories",
    ({ bundlePath, dir }) => {
      for (const path of [bundlePath, dir]) rmSync(path, { recursive: true });
    },
  ],
];

test.each(halves)("-f finishes the job on one that has lost %s", async (what, lose) => {
  const container = await node.start(pod, `half-${halves.findIndex(([name]) => name === what)}`, endless);
  await lose(container);
  await node.ok("rm", "-f", container.id);
  const links = (trace: string): boolean => !trace.startsWith("link ");
  expect(tracesOf(node.world, container).filter(links)).toEqual([]);
});

test("-f removes what only the runtime still knows", async () => {
  const container = await node.start(pod, "lost", endless);
  const path = join(node.world.root, "overlay-containers/containers.json");
  const records = JSON.parse(readFileSync(path, "utf8")) as { id: string }[];
  writeFileSync(path, JSON.stringify(records.filter(({ id }) => id !== container.id)));
  expect(await node.refusal("rm", container.id)).toContain("ID does not exist");
  await node.ok("rm", "-f", container.id);
  await expectGone(container);
});

test("bad input", async () => {
  expect(await node.refusal("rm", pod.id)).toContain(
    "it is the infra container of pod shop: use kpod pod rm",
  );
  expect(await node.refusal("rm", "-f", "../../etc")).toContain("ID does not exist");
  expect(await node.refusal("rm", "-f", "\u001b[31mred")).not.toContain("\u001b");
  expect((await node.kpod("rm")).exitCode).toBe(2);
});
