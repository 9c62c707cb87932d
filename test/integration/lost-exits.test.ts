import { existsSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { isAlive } from "../../src/lib/system/process";
import { removeInfraProcess } from "../helpers/modern-world";
import { conmonOf, contentsOf, persistedState, pidOf, tracesOf, useNode, usePod } from "../helpers/node";
import { finish } from "../helpers/process";
import { until } from "../helpers/until";

// What a CRI-O that runs learns of the end of containers whose conmon is dead.
const node = useNode();
const pod = usePod(node, "shop");

async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await until(`${pid} has ended`, () => !isAlive({ pid }));
}

const start = (name: string, inPod = pod): Promise<Container> =>
  node.start(inPod, name, "exec sleep 1000", { name });

/** A container that ended after its conmon: nobody wrote that down. */
async function dead(name: string, inPod?: Sandbox): Promise<Container> {
  const container = await start(name, inPod);
  await killBoth(container);
  return container;
}

async function killBoth(container: Container): Promise<void> {
  await killAndWait(conmonOf(container));
  await killAndWait(pidOf(container));
  expect(existsSync(join(container.dir, "exit"))).toBe(false);
}

/** A container that runs without its conmon. */
async function orphan(name: string, inPod?: Sandbox): Promise<Container> {
  const container = await start(name, inPod);
  await killAndWait(conmonOf(container));
  return container;
}

/** What CRI-O saw when an exit file appeared. */
interface Seen {
  readonly id: string;
  readonly code: string;
  /** What stood in the store by then. */
  readonly lasting: string;
  readonly recorded: boolean;
}

/** Runs a command beside a CRI-O that takes exit files as soon as they appear, and removes them. */
async function seenDuring(work: () => Promise<unknown>): Promise<Seen[]> {
  const { exitsDir, root, socket } = node.world;
  const seen: Seen[] = [];
  const crio = createServer((_, response) => response.end("{}"));
  await new Promise<void>((resolve) => crio.listen(socket, resolve));
  // What the kernel tells comes in its order: once this is seen, so is all that was there before.
  const last = join(exitsDir, "last");
  let sawLast = false;
  const watcher = watch(exitsDir, (_, name) => {
    sawLast ||= name === "last";
    if (name === null || !/^[0-9a-f]{64}$/.test(name) || !existsSync(join(exitsDir, name))) return;
    const lasting = join(root, "overlay-containers", name, "userdata/exit");
    seen.push({
      id: name,
      code: readFileSync(join(exitsDir, name), "utf8"),
      lasting: existsSync(lasting) ? readFileSync(lasting, "utf8") : "",
      recorded: readFileSync(join(root, "overlay-containers/containers.json"), "utf8").includes(name),
    });
    rmSync(join(exitsDir, name));
  });
  try {
    await work();
    writeFileSync(last, "");
    await until("the watcher has seen all", () => sawLast);
  } finally {
    rmSync(last, { force: true });
    watcher.close();
    await new Promise((resolve) => crio.close(resolve));
  }
  return seen;
}

const sawOnce = (container: Container, code: string): Seen[] => [
  { id: container.id, code, lasting: code, recorded: true },
];

describe("of one that is found dead CRI-O sees that nobody knows how it ended", () => {
  test("by stop", async () => {
    const container = await dead("stopped");
    expect(await seenDuring(() => node.ok("stop", "stopped"))).toEqual(sawOnce(container, "255"));
    expect(persistedState(container)).toMatchObject({ status: "stopped", exitCode: 255 });
    expect(await seenDuring(() => node.ok("stop", "stopped"))).toEqual([]);
  });

  test("by kill, which is refused", async () => {
    const container = await dead("killed");
    expect(await seenDuring(() => node.refusal("kill", "killed"))).toEqual(sawOnce(container, "255"));
  });

  test.each([[["rm"]], [["rm", "-f"]]])("by %j, before anything of it is removed", async (command) => {
    const container = await dead("removed");
    expect(await seenDuring(() => node.ok(...command, "removed"))).toEqual(sawOnce(container, "255"));
    expect(tracesOf(node.world, container)).toEqual([]);
  });
});

describe("of one that kpod ends, that it was killed", () => {
  test.each([[["kill"]], [["stop", "-t", "0"]]])("by %j", async (command) => {
    const name = `ended-${command[0]}`;
    const container = await orphan(name);
    expect(await seenDuring(() => node.ok(...command, name))).toEqual(sawOnce(container, "137"));
  });

  test("by a kill while others wait for its end, who know it as soon", async () => {
    const script = "trap 'touch /asked' TERM; while :; do sleep 0.05; done";
    const container = await node.start(pod, "awaited", script);
    await killAndWait(conmonOf(container));
    const [stopping, waiting] = [
      ["stop", "-t", "600", "awaited"],
      ["wait", "awaited"],
    ].map((words) => finish(node.world.startKpod(words), words.join(" ")));
    const asked = join(node.world.root, "overlay", container.layerId, "diff/asked");
    await until("it is asked to end", () => existsSync(asked));
    expect(await seenDuring(() => Promise.all([node.ok("kill", "awaited"), stopping]))).toEqual(
      sawOnce(container, "137"),
    );
    expect(persistedState(container)).toMatchObject({ status: "stopped", exitCode: 137 });
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: "137\n" });
  });

  test("by rm -f", async () => {
    const container = await orphan("gone");
    expect(await seenDuring(() => node.ok("rm", "-f", "gone"))).toEqual(sawOnce(container, "137"));
    expect(tracesOf(node.world, container)).toEqual([]);
  });

  test("by rm -f where the runtime cannot read its state", async () => {
    const container = await orphan("unreadable");
    const pid = pidOf(container);
    writeFileSync(join(node.world.runtimeRoots.runc, container.id, "state.json"), "{");
    const seen = await seenDuring(async () => {
      expect((await node.kpod("rm", "-f", "unreadable")).exitCode).toBe(0);
    });
    expect(seen).toEqual(sawOnce(container, "137"));
    expect(isAlive({ pid })).toBe(false);
  });
});

test("a conmon that does not come to it is not waited for, and what it wrote itself is not replaced", async () => {
  const held = await start("held");
  process.kill(conmonOf(held), "SIGSTOP");
  expect(await seenDuring(() => node.ok("kill", "held"))).toEqual(sawOnce(held, "137"));
  process.kill(conmonOf(held), "SIGCONT");
  await until("conmon has ended", () => !isAlive({ pid: conmonOf(held) }));
  const ended = await node.start(pod, "own", "exit 3");
  // Where CRI-O looks conmon writes last.
  await until("it has ended", () => existsSync(join(node.world.exitsDir, ended.id)));
  expect(await seenDuring(() => node.ok("stop", "own"))).toEqual([]);
  expect(readFileSync(join(ended.dir, "exit"), "utf8")).toBe("3");
});

describe("in pods", () => {
  test("stop notes all that is dead, the infra container too", async () => {
    const down = await node.pod("down");
    const container = await dead("inside", down);
    await killBoth(down.infraContainer);
    expect(await seenDuring(() => node.ok("pod", "stop", "down"))).toEqual([
      ...sawOnce(container, "255"),
      ...sawOnce(down.infraContainer, "255"),
    ]);
    await node.ok("pod", "rm", "down");
  });

  test("kill notes what it finds dead besides what it kills", async () => {
    const mixed = await node.pod("mixed");
    const [found, killed] = [await dead("found", mixed), await orphan("lives", mixed)];
    expect(await seenDuring(() => node.ok("pod", "kill", "mixed"))).toEqual([
      ...sawOnce(found, "255"),
      ...sawOnce(killed, "137"),
    ]);
    await node.ok("pod", "rm", "-f", "mixed");
  });

  test("rm -f notes each before it is removed", async () => {
    const whole = await node.pod("whole");
    const container = await orphan("within", whole);
    await killAndWait(conmonOf(whole.infraContainer));
    expect(await seenDuring(() => node.ok("pod", "rm", "-f", "whole"))).toEqual([
      ...sawOnce(container, "137"),
      ...sawOnce(whole.infraContainer, "137"),
    ]);
    for (const each of [container, whole.infraContainer]) expect(tracesOf(node.world, each)).toEqual([]);
  });
});

test("of what only the runtime still knows CRI-O sees that it was killed", async () => {
  const container = await orphan("unrecorded");
  const path = join(node.world.root, "overlay-containers/containers.json");
  const records = JSON.parse(readFileSync(path, "utf8")) as { id: string }[];
  writeFileSync(path, JSON.stringify(records.filter(({ id }) => id !== container.id)));
  expect(await seenDuring(() => node.ok("rm", "-f", container.id))).toEqual([
    { id: container.id, code: "137", lasting: "137", recorded: false },
  ]);
  expect(tracesOf(node.world, container)).toEqual([]);
});

describe("none is written", () => {
  test("of a pod that never had an infra process", async () => {
    const { id } = await node.pod("spoofed");
    await removeInfraProcess(node.world, id);
    expect(await seenDuring(() => node.ok("pod", "stop", "spoofed"))).toEqual([]);
    expect(await seenDuring(() => node.ok("pod", "rm", "spoofed"))).toEqual([]);
  });

  test("of a container that nothing says to have been launched: it may be in the making", async () => {
    const container = await dead("making");
    rmSync(join(container.dir, "state.json"));
    for (const name of ["conmon-pidfile", "pidfile"]) rmSync(join(container.bundlePath, name));
    rmSync(join(node.world.runtimeRoots.runc, container.id), { recursive: true });
    expect(await seenDuring(() => node.kpod("stop", "making"))).toEqual([]);
    expect(existsSync(join(container.dir, "exit"))).toBe(false);
    await node.ok("rm", "-f", "making");
    expect(tracesOf(node.world, container)).toEqual([]);
  });
});

test("a look writes none", async () => {
  const container = await dead("looked");
  const before = contentsOf(node.world);
  for (const args of [
    ["ps", "-a"],
    ["inspect", "looked"],
    ["stats", "-a", "--no-stream"],
    ["logs", "looked"],
    ["pod", "ps"],
    ["pod", "inspect", "shop"],
  ]) {
    await node.ok(...args);
  }
  expect(await node.ok("wait", "looked")).toBe("255\n");
  expect(contentsOf(node.world)).toEqual(before);
  await node.ok("rm", container.id);
  expect(tracesOf(node.world, container)).toEqual([]);
});
