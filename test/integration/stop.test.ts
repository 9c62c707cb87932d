import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finish } from "../helpers/process";
import { acquireLock } from "../../src/lib/storage/lock-file";
import { isMountPoint } from "../../src/lib/system/mount";
import { isAlive } from "../../src/lib/system/process";
import { logOf, persistedState, pidOf, useNode, usePod } from "../helpers/node";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

const polite = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
const deaf = "trap '' TERM; echo ready; while :; do sleep 0.05; done";

test("a container ends by its own handler, is unmounted, and its end is persisted", async () => {
  const container = await node.start(pod, "polite", polite);
  await until("what the test waits for", () => logOf(container).includes("ready"));
  expect(await node.ok("stop", "polite")).toBe(`${container.id}\n`);
  expect(logOf(container)).toBe("ready\nbye\n");
  expect(persistedState(container)).toMatchObject({ status: "stopped", exitCode: 7 });
  expect(isMountPoint(`${node.world.root}/overlay/${container.layerId}/merged`)).toBe(false);
  expect(await node.ok("stop", "polite")).toBe(`${container.id}\n`);
});

test.each([
  ["SIGPOLL", 29],
  ["iot", 6],
  ["RTMIN+4", 38],
])("%s as the stop signal of an image is sent", async (stopSignal, number) => {
  const name = `by-${number}`;
  const script = `trap 'echo bye; exit 7' ${number}; ${deaf}`;
  const container = await node.start(pod, name, script);
  const path = join(container.dir, "config.json");
  const spec = JSON.parse(readFileSync(path, "utf8")) as { annotations: Record<string, string> };
  spec.annotations["org.opencontainers.image.stopSignal"] = stopSignal;
  writeFileSync(path, JSON.stringify(spec));
  await until("what the test waits for", () => logOf(container).includes("ready"));
  expect(await node.ok("stop", "-t", "60", name)).toBe(`${container.id}\n`);
  expect(persistedState(container)).toMatchObject({ status: "stopped", exitCode: 7 });
});

test("one that ignores TERM is killed when its time is up, several side by side", async () => {
  const first = await node.start(pod, "deaf1", deaf);
  const second = await node.start(pod, "deaf2", deaf);
  await until(
    "what the test waits for",
    () => logOf(first).includes("ready") && logOf(second).includes("ready"),
  );
  const printed = await node.ok("stop", "-t", "1", "deaf1", "deaf2");
  expect(printed.split("\n").sort()).toEqual(["", first.id, second.id].sort());
  expect([persistedState(first).exitCode, persistedState(second).exitCode]).toEqual([137, 137]);
});

test("no lock is held meanwhile, and a second stop -t 0 cuts a waiting one short", async () => {
  const container = await node.start(pod, "patient", deaf);
  await until("what the test waits for", () => logOf(container).includes("ready"));
  const waiting = node.world.startKpod(["stop", "-t", "600", "patient"]);
  const finished = finish(waiting, "kpod stop");
  // TERM has been sent once kpod waits: the process has it pending or handled, and kpod is still there.
  await until("what the test waits for", async () => (await node.kpod("ps", "-q")).exitCode === 0);
  for (const path of [
    `${node.world.root}/overlay-containers/containers.lock`,
    `${node.world.root}/overlay-layers/layers.lock`,
    `${node.world.runRoot}/kpod.lock`,
    node.world.lockPath,
  ]) {
    (await acquireLock(path, "write", { timeoutMs: 5_000 })).release();
  }
  expect(isAlive({ pid: pidOf(container) })).toBe(true);
  await node.ok("stop", "-t", "0", "patient");
  expect((await finished).exitCode).toBe(0);
  expect(isAlive({ pid: pidOf(container) })).toBe(false);
});

test("a created one becomes stopped", async () => {
  const container = await node.create(pod, "never", "true");
  await node.ok("stop", "never");
  expect(persistedState(container)).toMatchObject({ status: "stopped" });
  await node.agree();
});

test("bad input", async () => {
  expect(await node.refusal("stop", "shop")).toContain("use kpod pod stop");
  expect((await node.kpod("stop", "-t", "soon", "polite")).exitCode).toBe(2);
  expect((await node.kpod("stop")).exitCode).toBe(2);
});
