import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { mount, mountFlags, unmount } from "../../src/lib/system/mount";
import { conmonOf, pidOf, tracesOf, useNode, usePod } from "../helpers/node";
import { runProcess, startProcess, succeeded } from "../helpers/process";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";
import { isAlive } from "../../src/lib/system/process";

const node = useNode();
const pod = usePod(node, "shop");

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
      await until("what the test waits for", () => !pids.some((pid) => isAlive({ pid })));
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

test("-f removes one whose file system is busy in another mount namespace", async () => {
  const container = await node.start(pod, "held", "echo kept >/file; sleep 1000");
  const merged = join(node.world.root, "overlay", container.layerId, "merged");
  await until("its file is there", () => existsSync(join(merged, "file")));
  // As a monitoring agent would: a copy of the mount, a directory and a file that are in use.
  const script = "cd / && exec 3<./file && echo ready && exec sleep 1000";
  const words = ["--mount", "--propagation", "private", "sh", "-c", script.replaceAll("/ ", `${merged} `)];
  const holder = startProcess("unshare", words);
  try {
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    expect(readFileSync(`/proc/${holder.pid}/mountinfo`, "utf8")).toContain(merged);
    await node.ok("rm", "-f", "held");
    expect(readFileSync(`/proc/${holder.pid}/fd/3`, "utf8")).toBe("kept\n");
    const own = (trace: string): boolean => trace !== `process ${holder.pid}`;
    expect(tracesOf(node.world, container).filter(own)).toEqual([]);
  } finally {
    holder.kill("SIGKILL");
  }
  await node.agree();
});

test("what somebody mounted in its directories is unmounted, not deleted", async () => {
  const container = await node.start(pod, "mounted", endless);
  const data = testdir({ precious: "data" });
  const layer = join(node.world.root, "overlay", container.layerId);
  const file = join(container.dir, "file");
  writeFileSync(file, "");
  for (const name of [container.dir, container.bundlePath, join(layer, "work")])
    mkdirSync(join(name, "extra"));
  const places = [container.dir, container.bundlePath, join(layer, "work")].map((name) =>
    join(name, "extra"),
  );
  for (const target of places) mount({ source: data, target, flags: mountFlags.bind });
  mount({ source: join(data, "precious"), target: file, flags: mountFlags.bind });
  try {
    await node.ok("rm", "-f", "mounted");
  } finally {
    for (const target of [...places, file]) unmount(target);
  }
  expect(readFileSync(join(data, "precious"), "utf8")).toBe("data");
  await expectGone(container);
});

test("one whose runtime has left the configuration: refused, and done with -f", async () => {
  const { world } = node;
  const gone = await node.pod("gone");
  const stopped = await node.start(gone, "over", "exit 3");
  await node.ok("wait", "over");
  const running = await node.start(gone, "busy", endless);
  for (const { dir, bundlePath } of [gone.infraContainer]) {
    for (const path of [dir, bundlePath].map((name) => join(name, "config.json"))) {
      const handler = '"io.kubernetes.cri-o.RuntimeHandler": ';
      const text = readFileSync(path, "utf8");
      expect(text).toContain(`${handler}""`);
      writeFileSync(path, text.replace(`${handler}""`, `${handler}"left"`));
    }
  }
  // Of the table of runtimes crun alone is left, and nothing says where runc keeps its state.
  const before = readFileSync(world.config, "utf8");
  const [, table = ""] = /(\[crio\.runtime\.runtimes\.runc\]\n(?:[^\n]+\n)+)/.exec(before) ?? [];
  writeFileSync(
    world.config,
    before.replace(table, "").replace('default_runtime = "runc"', 'default_runtime = "crun"'),
  );
  try {
    const refused = await node.kpod("rm", "over");
    expect([refused.exitCode, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain(
      "Error: the pod asks for runtime handler left, which is not configured: add ",
    );
    const { exitCode, stdout, stderr } = await node.kpod("rm", "-f", "over", "busy");
    expect([exitCode, stdout.trim().split("\n").sort()]).toEqual([0, [stopped.id, running.id].sort()]);
    expect(stderr).toContain(`what its runtime may keep of container ${stopped.id.slice(0, 13)} stays there`);
  } finally {
    writeFileSync(world.config, before);
  }
  // The one that ran was its conmon's, which knew the runtime.
  expect(tracesOf(world, running)).toEqual([]);
  expect(tracesOf(world, stopped)).toEqual([join(world.runtimeRoots.runc, stopped.id)]);
  await node.ok("rm", "-f", stopped.id);
  expect(tracesOf(world, stopped)).toEqual([]);
  await node.ok("pod", "rm", "-f", "gone");
  await node.agree();
});

test("bad input", async () => {
  expect(await node.refusal("rm", pod.id)).toContain(
    "it is the infra container of pod shop: use kpod pod rm",
  );
  expect(await node.refusal("rm", "-f", "../../etc")).toContain("ID does not exist");
  expect(await node.refusal("rm", "-f", "\u001b[31mred")).not.toContain("\u001b");
  expect((await node.kpod("rm")).exitCode).toBe(2);
});

test("in a copy of a store that is in use, what runs from the original is left alone", async () => {
  const { root, runRoot, scratch } = node.world;
  const container = await node.start(pod, "original", endless);
  const copy = join(scratch, "copy");
  mkdirSync(copy);
  try {
    for (const [from, to] of [
      [root, "root"],
      [runRoot, "run"],
    ] as const)
      succeeded(await runProcess("cp", ["-a", "-x", from, join(copy, to)]), "cp");
    const ofCopy = ["--root", join(copy, "root"), "--runroot", join(copy, "run")];
    for (const command of [["rm", "-f"], ["kill"], ["stop", "-t", "0"], ["pause"]])
      expect(await node.refusal(...ofCopy, ...command, "original")).toContain(
        `container ${container.id} runs from the bundle ${container.bundlePath}, not from ${copy}/run/`,
      );
    expect(await node.refusal(...ofCopy, "pod", "rm", "-f", "shop")).toContain("not from");
    expect(isAlive({ pid: pidOf(container) }) && isAlive({ pid: conmonOf(container) })).toBe(true);
  } finally {
    rmSync(copy, { recursive: true });
  }
  expect(await node.ok("rm", "-f", "original")).toBe(`${container.id}\n`);
  await expectGone(container);
});
