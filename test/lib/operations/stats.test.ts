import { spawn, type ChildProcess } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { Container } from "../../../src/lib/oci/container";
import type { ContainerState } from "../../../src/lib/oci/state/container-state";
import { getContainerStats, sampleContainers } from "../../../src/lib/operations/stats";
import { isSampled, readContainerStats, statsHost } from "../../../src/lib/operations/stats-source";
import { stoppedStats, unknownStats } from "../../../src/lib/operations/stats-values";
import { readCommandLine, readProcessStat } from "../../../src/lib/system/process";
import { collectingLogger } from "../../helpers/collecting-logger";
import { failureOf } from "../../helpers/failure";
import { until } from "../../helpers/until";

const id = "eb1f08a198e9a502f7cf7c4f2ddc58e02a73260e8e3ff189c30648a7fd01d120";
const podId = "a4cdbab66acb5b725b8a25ee7ac481c1b1d4c8379cf346b51d66f648289a5288";

function container(state: Partial<ContainerState> | undefined, ownId = id): Container {
  const made = new Container({
    id: ownId,
    name: "k8s_web_shop_default_uid_0",
    sandboxId: podId,
    metadata: { name: "web", attempt: 0 },
    ...{ imageName: "busybox", imageId: "", layerId: "", dir: "/nowhere", bundlePath: "/nowhere" },
    createdAt: new Date(0),
    infra: false,
  });
  if (state !== undefined) {
    made.state = {
      ...{ ociVersion: "1.0.2", id: ownId, status: "running", pid: 0, bundle: "", annotations: {} },
      ...{ oomKilled: false, error: "" },
      ...state,
    };
  }
  return made;
}

function startTimeOf(pid: number): string {
  return readProcessStat(pid)?.startTime ?? "none";
}

function startSleep(): ChildProcess & { pid: number } {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  const { pid } = child;
  if (pid === undefined) throw new Error("sleep could not be started");
  return Object.assign(child, { pid });
}

test("a process in nobody's cgroup and the host's network has nothing that is its own", () => {
  // This process stands in for a container with the host's network whose cgroups do not name it.
  const stats = readContainerStats(container({ pid: process.pid }));
  expect(stats).toMatchObject({ pid: process.pid, startTime: startTimeOf(process.pid) });
  const { cpu, memory, pids, blkio, interfaces } = stats;
  expect([cpu, memory, pids, blkio, interfaces]).toEqual(Array.from({ length: 5 }, () => undefined));
  expect(getContainerStats(container({ pid: process.pid }))).toEqual(unknownStats(id));
});

describe("which process is a container's", () => {
  const own = { initPid: process.ppid, initStartTime: startTimeOf(process.ppid) };

  test.each<[string, Partial<ContainerState> | undefined, boolean]>([
    ["running", { status: "running", pid: process.pid }, true],
    ["paused", { status: "paused", pid: process.pid }, true],
    ["created", { status: "created", pid: process.pid }, false],
    ["stopped", { status: "stopped", pid: 0, ...own }, false],
    ["not looked up", undefined, false],
    ["unknown, persisted and still there", { status: "unknown", ...own }, true],
    ["unknown, and another process has the pid", { status: "unknown", ...own, initStartTime: "1" }, false],
    ["unknown, persisted without a start time", { status: "unknown", initPid: process.ppid }, false],
  ])("%s: %#", (_, state, sampled) => {
    expect(isSampled(container(state))).toBe(sampled);
  });
});

describe("a container that cannot be sampled", () => {
  const notRunning = `cannot read the stats of container ${id}: it is not running`;

  test.each<[string, Partial<ContainerState> | undefined]>([
    ["stopped", { status: "stopped" }],
    ["created", { status: "created", pid: process.pid }],
    ["its pid is another process's by now", { pid: process.pid, initPid: process.pid, initStartTime: "1" }],
    ["not looked up", undefined],
  ])("%s", async (_, state) => {
    const error = await failureOf(() => getContainerStats(container(state)));
    expect(error.code).toBe("BAD_STATE");
    expect(error.message).toBe(notRunning);
  });

  test("its runtime could not be asked", async () => {
    const error = await failureOf(() => getContainerStats(container({ status: "unknown" })));
    expect(error.code).toBe("BAD_STATE");
    expect(error.message).toContain("its state is unknown");
  });

  test("it ended, and it waits to be reaped", async () => {
    // The child waits until sleep has taken the shell's place: a shell may ask for it, sleep never does.
    const parent = spawn("sh", ["-c", "read line <&3 & echo $!; exec sleep 600 3<&-"], {
      stdio: ["ignore", "pipe", "ignore", "pipe"],
    });
    const [, stdout, , gate] = parent.stdio as unknown as [null, Readable, null, Duplex];
    const closed = new Promise((resolve) => parent.on("close", resolve));
    try {
      const pid = await new Promise<number>((resolve) => {
        stdout.once("data", (chunk: Buffer) => {
          resolve(Number(chunk.toString()));
        });
      });
      await until("sleep is there", () => readCommandLine(parent.pid ?? 0)?.[0] === "sleep");
      gate.end();
      await until("the child waits to be reaped", () => readProcessStat(pid)?.state === "Z");
      expect((await failureOf(() => getContainerStats(container({ pid })))).message).toBe(notRunning);
    } finally {
      parent.kill("SIGKILL");
      await closed;
    }
    const gone = container({ pid: parent.pid ?? 0 });
    expect((await failureOf(() => getContainerStats(gone))).message).toBe(notRunning);
  });
});

describe("a sample of many", () => {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((letter) => letter.repeat(64)) as [
    string,
    string,
    string,
    string,
  ];

  test("has zeros for what does not run, and nothing for what is not known", () => {
    const logger = collectingLogger();
    const containers = [
      container({ status: "stopped" }, a),
      container({ status: "created", pid: process.pid }, b),
      container({ status: "unknown" }, c),
      container({ pid: process.pid }, d),
    ];
    const sample = sampleContainers(containers, { host: statsHost(), logger });
    expect([...sample.keys()]).toEqual([a, b, c, d]);
    expect(sample.get(a)).toEqual(stoppedStats(a));
    expect(sample.get(b)).toEqual(stoppedStats(b));
    expect(sample.get(c)).toEqual(unknownStats(c));
    expect(sample.get(d)).toEqual(unknownStats(d));
    expect(logger.warnings).toEqual([]);
  });

  test("leaves out one that ended since its state was looked up, without a word", async () => {
    const child = startSleep();
    const containers = [container({ pid: child.pid }, a), container({ pid: process.pid }, b)];
    const logger = collectingLogger();
    expect(sampleContainers(containers, { host: statsHost(), logger }).has(a)).toBe(true);
    const closed = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGKILL");
    await closed;
    expect([...sampleContainers(containers, { host: statsHost(), logger }).keys()]).toEqual([b]);
    expect(logger.warnings).toEqual([]);
  });
});
