// Pods and containers by both cgroup managers and both runtimes, as the kernel and systemd have them.
import { spawn } from "node:child_process";
import {
  cgroupFile,
  cgroupNumber,
  cgroupOf,
  configure,
  crioUnits,
  inTime,
  kpod,
  monitorOf,
  ok,
  pidsLimit,
  runProgram,
  traces,
  writeCgroupFile,
  type CgroupManager,
  type RuntimeName,
} from "./machine";

interface Row {
  readonly id: string;
  readonly status: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
}

interface Sample {
  readonly cpu: number;
  readonly mem_usage: number;
  readonly mem_limit: number;
  readonly mem_percent: number;
  readonly pids: number;
}

const megabyte = 1024 * 1024;

/** Writes a megabyte to its own layer, then works a little for ever. TERM ends it with 3. */
const worker = [
  "trap 'exit 3' TERM",
  `dd if=/dev/zero of=/written bs=${megabyte} count=1 conv=fsync 2>/dev/null`,
  "while :; do i=0; while [ $i -lt 300 ]; do i=$((i+1)); done; sleep 0.1; done",
].join("; ");

/** Takes all memory there is, once it gets USR1. */
const hog = "trap 'exec tail /dev/zero' USR1; while :; do sleep 0.1; done";

function rowOf(id: string): Row {
  const rows = JSON.parse(ok("ps", "-a", "--format", "json")) as Row[];
  const row = rows.find((candidate) => candidate.id === id);
  if (row === undefined) throw new Error(`ps does not show ${id}`);
  return row;
}

function sampleOf(id: string): Sample {
  const [sample] = JSON.parse(ok("stats", "--no-stream", "--json", id)) as Sample[];
  if (sample === undefined) throw new Error(`stats does not show ${id}`);
  return sample;
}

/** systemd lets go of an empty scope a moment later. */
async function expectNothingLeft(): Promise<void> {
  await inTime(() => crioUnits().length === 0);
  expect(traces()).toEqual([]);
}

describe.each<[CgroupManager, RuntimeName]>([
  ["systemd", "crun"],
  ["systemd", "runc"],
  ["cgroupfs", "crun"],
  ["cgroupfs", "runc"],
])("the manager %s, %s", (manager, runtime) => {
  const systemd = manager === "systemd";
  const parent = systemd ? "kpod-shop.slice" : "/kpod/shop";
  const parentPath = systemd ? "/kpod.slice/kpod-shop.slice" : parent;
  const pathOf = (id: string): string => `${parentPath}/crio-${id}${systemd ? ".scope" : ""}`;
  /** Where the processes of a container are: crun makes a cgroup of its own for them in a scope. */
  const leafOf = (id: string): string => `${pathOf(id)}${systemd && runtime === "crun" ? "/container" : ""}`;
  const inPod = (name: string, ...command: string[]): string =>
    ok("run", "-d", "--pod", "shop", "--name", name, "busybox", ...command);
  let pod = "";
  let web = "";
  let greedy = "";

  beforeAll(() => {
    configure(manager, runtime);
    pod = ok("pod", "run", "--name", "shop", "--cgroup-parent", parent);
    web = inPod("web", "sh", "-c", worker);
    greedy = inPod("greedy", "sh", "-c", hog);
  }, 600_000);

  // So that what fails here does not fail what comes after.
  afterAll(() => {
    kpod("pod", "unpause", "shop");
    kpod("pod", "rm", "-f", "shop");
  }, 600_000);

  test("containers run in the cgroups that CRI-O would give them", () => {
    const { Pid, CgroupPath } = JSON.parse(ok("inspect", web)) as { Pid: number; CgroupPath: string };
    expect(CgroupPath).toBe(pathOf(web));
    expect(cgroupOf(Pid)).toBe(leafOf(web));
    expect(JSON.parse(ok("pod", "inspect", pod))).toMatchObject({ State: "Ready", CgroupParent: parent });
    expect(rowOf(web).status).toBe("running");
  });

  test("conmon stands where CRI-O of today puts it", () => {
    const units = [pod, web, greedy].flatMap((id) => [`crio-${id}.scope`, `crio-conmon-${id}.scope`]).sort();
    expect(crioUnits()).toEqual(systemd ? units : []);
    for (const id of [pod, web, greedy]) {
      // With cgroupfs it is left with who called kpod, which here is the unit of the tests.
      const cgroup = systemd ? `/system.slice/crio-conmon-${id}.scope` : "/system.slice/kpod-test.service";
      expect(cgroupOf(monitorOf(id))).toBe(cgroup);
    }
  });

  test("the kernel has the limits of the configuration", () => {
    expect(cgroupFile(leafOf(web), "pids.max")).toBe(String(pidsLimit));
    // Two shares of version 1, the least there is.
    expect(cgroupFile(pathOf(pod), "cpu.weight")).toBe("1");
    expect(cgroupFile(pathOf(web), "memory.max")).toBe("max");
  });

  test("stats tell what the kernel counts", async () => {
    const written = (): number => {
      const counts = [...cgroupFile(pathOf(web), "io.stat").matchAll(/wbytes=(\d+)/g)];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    };
    expect(await inTime(() => written() >= megabyte)).toBe(true);
    const update = ["--root", `/run/${runtime}`, "update", "--memory", String(64 * megabyte), web];
    expect(runProgram(runtime, ...update)).toMatchObject({ exitCode: 0 });
    const sample = sampleOf(web);
    const used = Number(cgroupFile(pathOf(web), "memory.current"));
    const cached = cgroupNumber(pathOf(web), "memory.stat", "inactive_file");
    expect(sample).toMatchObject({
      mem_limit: 64 * megabyte,
      net_input: 0,
      net_output: 0,
      block_output: written(),
    });
    expect(sample.cpu).toBeGreaterThan(0);
    expect(sample.cpu).toBeLessThan(200);
    expect(Math.abs(sample.mem_usage - (used - cached))).toBeLessThan(megabyte);
    expect(sample.mem_percent).toBeCloseTo((sample.mem_usage / sample.mem_limit) * 100, 1);
    // The shell, and its sleep where it just sleeps.
    expect([1, 2]).toContain(sample.pids);
    // Without a limit it is the machine's memory that there is.
    expect(sampleOf(greedy).mem_limit).toBeGreaterThan(1024 * megabyte);
  });

  test("pause freezes the container's cgroup, and unpause thaws it", () => {
    ok("pause", web);
    expect(cgroupNumber(leafOf(web), "cgroup.events", "frozen")).toBe(1);
    expect(rowOf(web).status).toBe("paused");
    expect(kpod("stop", web).stderr).toContain("unpause it first");
    ok("unpause", web);
    expect(cgroupNumber(leafOf(web), "cgroup.events", "frozen")).toBe(0);
    expect(rowOf(web).status).toBe("running");
  });

  test("one that the kernel kills for its memory is told from others", () => {
    writeCgroupFile(pathOf(greedy), "memory.swap.max", 0);
    writeCgroupFile(pathOf(greedy), "memory.max", 24 * megabyte);
    ok("kill", "-s", "USR1", greedy);
    expect(ok("wait", greedy)).toBe("137");
    const { status, exitCode, oomKilled } = rowOf(greedy);
    expect({ status, exitCode, oomKilled }).toEqual({ status: "stopped", exitCode: 137, oomKilled: true });
  });

  test("stop ends a container by its signal, with its exit code", () => {
    ok("stop", "-t", "120", web);
    const { status, exitCode, oomKilled } = rowOf(web);
    expect({ status, exitCode, oomKilled }).toEqual({ status: "stopped", exitCode: 3, oomKilled: false });
  });

  test("rm -f ends also what somebody put into the container's cgroup, and kill a paused one", async () => {
    const id = inPod("crowded", "sleep", "1000");
    const stranger = spawn("sleep", ["1000"]);
    const ended = new Promise((resolve) => {
      stranger.once("close", (_, signal) => {
        resolve(signal);
      });
    });
    writeCgroupFile(leafOf(id), "cgroup.procs", stranger.pid ?? 0);
    ok("pause", id);
    ok("kill", id);
    expect(ok("wait", id)).toBe("137");
    ok("rm", "-f", id);
    // By TERM where systemd ends the scope, before it kills.
    expect(["SIGKILL", "SIGTERM"]).toContain(await ended);
    expect(await inTime(() => !traces().some((line) => line.includes(id)))).toBe(true);
  });

  test("nothing is left of what is removed, not of the killed one either", async () => {
    ok("rm", web, greedy);
    ok("pod", "rm", "-f", pod);
    await expectNothingLeft();
  });
});

test.each<[CgroupManager, string, string]>([
  ["systemd", "/pods", "the cgroup manager is systemd, and /pods is no slice"],
  ["cgroupfs", "pods.slice", "the cgroup manager is cgroupfs, and pods.slice is a slice of systemd"],
])("the manager %s refuses the cgroup parent %s", async (manager, parent, message) => {
  configure(manager, "crun");
  const { exitCode, stderr } = kpod("pod", "run", "--cgroup-parent", parent);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(message);
  await expectNothingLeft();
});

test.each<[CgroupManager, string, string, (id: string) => string]>([
  ["systemd", "1.17.0", "old.slice", (id) => `/old.slice/crio-conmon-${id}.scope`],
  ["cgroupfs", "1.33.0", "/old", (id) => `/old/crio-conmon-${id}`],
])("the manager %s: conmon stands where CRI-O %s put it", async (manager, version, parent, cgroup) => {
  configure(manager, "runc", version);
  const id = ok("pod", "run", "--name", "old", "--cgroup-parent", parent);
  expect(cgroupOf(monitorOf(id))).toBe(cgroup(id));
  ok("pod", "rm", "-f", id);
  await expectNothingLeft();
});

test.each<[CgroupManager, (id: string) => string]>([
  ["systemd", (id) => `/system.slice/crio-${id}.scope`],
  ["cgroupfs", (id) => `/crio/crio-${id}`],
])("the manager %s: a pod without a cgroup parent is where CRI-O has it", async (manager, cgroup) => {
  configure(manager, "runc");
  const id = ok("pod", "run", "--name", "plain");
  const container = ok("run", "-d", "--pod", "plain", "--name", "web", "busybox", "sleep", "1000");
  const { Pid } = JSON.parse(ok("inspect", container)) as { Pid: number };
  expect(cgroupOf(Pid)).toBe(cgroup(container));
  ok("pod", "rm", "-f", id);
  await expectNothingLeft();
});

test("what a unit of systemd's launches outlives the unit", async () => {
  configure("systemd", "crun");
  const pod = ok("pod", "run", "--name", "lasting");
  const words = ["run", "-d", "--pod", "lasting", "--name", "web", "busybox", "sleep", "1000"];
  const { exitCode, stdout } = runProgram("systemd-run", "--quiet", "--wait", "--pipe", "kpod", ...words);
  expect(exitCode).toBe(0);
  const id = stdout.trim();
  expect(rowOf(id).status).toBe("running");
  expect(cgroupOf(monitorOf(id))).toBe(`/system.slice/crio-conmon-${id}.scope`);
  ok("pod", "rm", "-f", pod);
  await expectNothingLeft();
});
