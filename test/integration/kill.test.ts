import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { killMarker } from "../../src/lib/oci/state/exit-file";
import { sendSignal } from "../../src/lib/operations/kill";
import { isAlive } from "../../src/lib/system/process";
import { identifyProcess } from "../../src/lib/system/process-identity";
import { conmonOf, logOf, persistedState, pidOf, useNode, usePod } from "../helpers/node";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

const endless = "while :; do sleep 0.1; done";

test.each([["KILL"], ["sigkill"], ["9"]])(
  "%s ends a container, and its state is persisted",
  async (signal) => {
    const container = await node.start(pod, `k${signal.toLowerCase()}`, endless);
    expect(await node.ok("kill", "-s", signal, container.id)).toBe(`${container.id}\n`);
    expect(isAlive({ pid: pidOf(container) })).toBe(false);
    expect(persistedState(container)).toMatchObject({ status: "stopped", exitCode: 137 });
    expect(await node.refusal("kill", container.id)).toBe(
      `cannot kill container ${container.id}: it is not running`,
    );
  },
);

test("a signal reaches the process, which may live on", async () => {
  const container = await node.start(pod, "listens", `trap 'echo got HUP' HUP; echo ready; ${endless}`);
  await until("what the test waits for", () => logOf(container).includes("ready"));
  await node.ok("kill", "-s", "hup", "listens");
  await until("what the test waits for", () => logOf(container).includes("got HUP"));
  expect(isAlive({ pid: pidOf(container) })).toBe(true);
});

test.each([
  ["poll", 29],
  ["SIGIOT", 6],
  ["Cld", 17],
  ["rtmin+3", 37],
])("%s is sent as signal %d", async (signal, number) => {
  const name = `hears${number}`;
  const container = await node.start(pod, name, `trap 'echo got it' ${number}; echo ready; ${endless}`);
  await until("what the test waits for", () => logOf(container).includes("ready"));
  await node.ok("kill", "-s", signal, name);
  await until("what the test waits for", () => logOf(container).includes("got it"));
});

test("KILL reaches a paused container", async () => {
  const container = await node.start(pod, "frozen", endless);
  await node.ok("pause", container.id);
  await node.ok("kill", container.id);
  expect(isAlive({ pid: pidOf(container) })).toBe(false);
  expect(persistedState(container)).toMatchObject({ status: "stopped", exitCode: 137 });
});

test("the end of a container whose conmon is dead is written down for CRI-O", async () => {
  const container = await node.start(pod, "orphan", endless);
  process.kill(Number(readFileSync(join(container.bundlePath, "conmon-pidfile"), "utf8")), "SIGKILL");
  await node.ok("kill", container.id);
  expect(readFileSync(join(container.dir, "exit"), "utf8")).toBe("137");
  expect(readFileSync(join(node.world.exitsDir, container.id), "utf8")).toBe("137");
});

test("whoever finds one dead whose KILL another kpod has not recorded yet records what that one would", async () => {
  const container = await node.start(pod, "between", endless);
  const monitor = identifyProcess(conmonOf(container));
  process.kill(conmonOf(container), "SIGKILL");
  await until("its conmon is dead", () => monitor !== undefined && !isAlive(monitor));
  // As the other one does, and goes no further.
  const { server } = await node.openServer();
  await server.updateRecords();
  const killed = server.lookupContainer(container.id);
  await server.runtime.updateStatus(killed);
  await sendSignal(server, killed, constants.signals.SIGKILL);
  await until("its process is dead", () => !isAlive({ pid: pidOf(container) }));
  await node.ok("stop", container.id);
  expect(readFileSync(join(container.dir, "exit"), "utf8")).toBe("137");
  expect(readFileSync(join(node.world.exitsDir, container.id), "utf8")).toBe("137");
  expect(persistedState(container)).toMatchObject({ status: "stopped", exitCode: 137 });
  // The next run is another one.
  await node.ok("start", container.id);
  expect(existsSync(join(container.bundlePath, killMarker))).toBe(false);
  await node.ok("rm", "-f", container.id);
});

test("bad signals, names and counts", async () => {
  const created = await node.create(pod, "waiting", endless);
  expect(await node.refusal("kill", created.id)).toBe(
    `cannot kill container ${created.id}: it is not running`,
  );
  expect(await node.refusal("kill", "nobody")).toBe(
    "container with ID starting with nobody not found: ID does not exist",
  );
  expect(await node.refusal("kill", "shop")).toContain(
    "it is the infra container of pod shop: use kpod pod kill",
  );
  const bad = await node.kpod("kill", "-s", "foobar", created.id);
  expect([bad.exitCode, bad.stderr.split("\n")[0]]).toEqual([2, "Error: Invalid signal: foobar"]);
  expect((await node.kpod("kill")).exitCode).toBe(2);
});

test("other programs agree", async () => {
  await node.agree();
});
