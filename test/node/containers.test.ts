// Pods and containers by both cgroup managers and both runtimes, as the kernel and systemd have them.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
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
  shopCgroups,
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
  readonly oom_kills: number;
  readonly cpu_pressure: Pressure;
  readonly mem_pressure: Pressure;
  readonly io_pressure: Pressure;
}

interface Pressure {
  readonly some: Readonly<Record<string, number>>;
  readonly full: Readonly<Record<string, number>>;
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

/** The same, but by a child, and after that it goes on. */
const forker = "trap 'tail /dev/zero' USR1; while :; do sleep 0.1; done";

/** So that little memory is all there is. */
function limitMemory(cgroup: string): void {
  writeCgroupFile(cgroup, "memory.swap.max", 0);
  writeCgroupFile(cgroup, "memory.max", 24 * megabyte);
}

/** A family of twenty, each of whom ends in favour of a child at once, and replaces those that are missing. */
const family = `
  $SIG{TERM} = "IGNORE";
  my $end = time + 120;
  while (time < $end) {
    open my $procs, "<", $ARGV[0] or exit;
    my @members = <$procs>;
    fork if @members < 20;
    fork and exit;
  }
`;

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

/** A process of somebody else's in a cgroup, and the signal that has ended it. */
function strangerIn(cgroup: string): { stranger: ChildProcess; ended: Promise<unknown> } {
  const stranger = spawn("sleep", ["1000"]);
  const ended = new Promise((resolve) => {
    stranger.once("close", (_, signal) => {
      resolve(signal);
    });
  });
  writeCgroupFile(cgroup, "cgroup.procs", stranger.pid ?? 0);
  return { stranger, ended };
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
  const { parent, parentPath, pathOf } = shopCgroups(manager);
  /** Where the processes of a container are: crun makes a cgroup of its own for them in a scope. */
  const leafOf = (id: string): string => `${pathOf(id)}${systemd && runtime === "crun" ? "/container" : ""}`;
  const inPod = (name: string, ...command: string[]): string =>
    ok("run", "-d", "--pod", "shop", "--name", name, "busybox", ...command);
  let pod = "";
  let web = "";
  let greedy = "";

  beforeAll(() => {
    configure(manager, runtime);
    pod = ok("pod", "run", "--network", "none", "--name", "shop", "--cgroup-parent", parent);
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
    ok("update", "--memory", "64m", "--cpus", "1.5", web);
    expect([pathOf(web), leafOf(web)].map((cgroup) => cgroupFile(cgroup, "cpu.max"))).toContain(
      "150000 100000",
    );
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

  test("pressure is what the kernel counts", () => {
    const totalOf = (name: string, kind: "some" | "full"): number =>
      Number(new RegExp(`^${kind} .* total=(\\d+)$`, "m").exec(cgroupFile(pathOf(web), name))?.[1]);
    const names = { cpu: "cpu.pressure", mem: "memory.pressure", io: "io.pressure" } as const;
    const kinds = ["some", "full"] as const;
    const read = (): number[] =>
      Object.values(names).flatMap((name) => kinds.map((kind) => totalOf(name, kind)));
    const before = read();
    const { cpu_pressure: cpu, mem_pressure: mem, io_pressure: io } = sampleOf(web);
    const after = read();
    const told = [cpu, mem, io].flatMap((pressure) => kinds.map((kind) => pressure[kind].total ?? NaN));
    for (const [index, total] of told.entries()) {
      expect(total).toBeGreaterThanOrEqual(before[index] ?? NaN);
      expect(total).toBeLessThanOrEqual(after[index] ?? NaN);
    }
    // Two processors, and conmon, systemd and these tests besides.
    expect(cpu.some.total).toBeGreaterThan(0);
    const format = ["--format", "{{.CPUPressure}}|{{.MemPressure}}|{{.IOPressure}}|{{.OOMKills}}"];
    const share = String.raw`\d+\.\d\d% / \d+\.\d\d%`;
    expect(ok("stats", "--no-stream", ...format, web)).toMatch(
      new RegExp(`^${share}\\|${share}\\|${share}\\|0$`),
    );
  });

  test("pause freezes the container's cgroup, and unpause thaws it", () => {
    ok("pause", web);
    expect(cgroupNumber(leafOf(web), "cgroup.events", "frozen")).toBe(1);
    // Conmon, and the pod, go on.
    const others = [cgroupOf(monitorOf(web)), parentPath];
    for (const cgroup of others) expect(cgroupFile(cgroup, "cgroup.freeze")).toBe("0");
    expect(rowOf(web).status).toBe("paused");
    expect(kpod("stop", web).stderr).toContain("unpause it first");
    ok("unpause", web);
    expect(cgroupNumber(leafOf(web), "cgroup.events", "frozen")).toBe(0);
    expect(rowOf(web).status).toBe("running");
  });

  test("the kernel has the limits of run, update changes them, and exec's processes are under it", async () => {
    const flags = ["--memory", "64m", "--cpus", "0.25", "--pids-limit", "50", "--cpu-shares", "256"];
    const id = ok("run", "-d", "--pod", "shop", "--name", "inside", ...flags, "busybox", "sleep", "1000");
    const has = (file: string): string[] =>
      [pathOf(id), leafOf(id)].map((cgroup) => cgroupFile(cgroup, file));
    expect(has("memory.max")).toContain(String(64 * megabyte));
    expect(has("cpu.max")).toContain("25000 100000");
    expect(has("pids.max")).toContain("50");
    expect(has("cpu.weight")).toContain("10");

    const limits = ["--memory", "96m", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0"];
    expect(ok("update", ...limits, "--pids-limit", "77", id)).toBe(id);
    expect(has("memory.max")).toContain(String(96 * megabyte));
    expect(has("cpu.max")).toContain("50000 100000");
    expect(has("cpuset.cpus")).toContain("0");
    expect(has("pids.max")).toContain("77");
    expect(has("cpu.weight")).toContain("20");
    expect(sampleOf(id).mem_limit).toBe(96 * megabyte);

    expect(ok("exec", id, "sh", "-c", "echo $((6 * 7))")).toBe("42");
    expect(kpod("exec", id, "sh", "-c", "exit 7").exitCode).toBe(7);
    ok("exec", "-d", id, "sleep", "777");
    const members = cgroupFile(leafOf(id), "cgroup.procs").split("\n");
    const commands = members.map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0/g, " "));
    expect(commands).toEqual(["sleep 1000 ", "sleep 777 "]);
    expect(ok("top", id, "hpid").split("\n").slice(1).sort()).toEqual([...members].sort());
    ok("pause", id);
    const refused = kpod("exec", id, "true");
    expect(refused).toMatchObject({ exitCode: 125, stdout: "" });
    expect(refused.stderr).toContain("paused");
    ok("unpause", id);
    ok("rm", "-f", id);
    expect(await inTime(() => !traces().some((line) => line.includes(id)))).toBe(true);
  });

  test("doctor tells a pod that is frozen from above", async () => {
    expect(ok("doctor", "cgroup.frozen", "--quick")).toContain("found nothing at odds");
    writeCgroupFile(parentPath, "cgroup.freeze", 1);
    expect(await inTime(() => cgroupNumber(leafOf(web), "cgroup.events", "frozen") === 1)).toBe(true);
    const { exitCode, stdout } = kpod("doctor", "cgroup.frozen", "--quick", "--format", "json");
    expect(exitCode).toBe(1);
    const { findings } = JSON.parse(stdout) as { findings: { severity: string; object: { id: string } }[] };
    expect(findings.map(({ object }) => object.id).sort()).toEqual([pod, web, greedy].sort());
    expect(new Set(findings.map(({ severity }) => severity))).toEqual(new Set(["breaks-now"]));
    writeCgroupFile(parentPath, "cgroup.freeze", 0);
    expect(await inTime(() => cgroupNumber(leafOf(web), "cgroup.events", "frozen") === 0)).toBe(true);
    expect(ok("doctor", "cgroup.frozen", "--quick")).toContain("found nothing at odds");
  });

  test("a cgroup that a container has made itself is frozen, counted, emptied and removed with it", async () => {
    const id = inPod("nested", "sleep", "1000");
    const inner = `${leafOf(id)}/container`;
    // As an init system in a container does: what is above must hold no processes to have controllers below.
    mkdirSync(`/sys/fs/cgroup${inner}`);
    const { Pid } = JSON.parse(ok("inspect", id)) as { Pid: number };
    writeCgroupFile(inner, "cgroup.procs", Pid);
    expect(sampleOf(id).pids).toBe(1);
    expect(JSON.parse(ok("inspect", id))).toMatchObject({ CgroupPath: pathOf(id) });
    ok("pause", id);
    expect(cgroupNumber(inner, "cgroup.events", "frozen")).toBe(1);
    expect(rowOf(id).status).toBe("paused");
    ok("unpause", id);
    expect(cgroupNumber(inner, "cgroup.events", "frozen")).toBe(0);
    ok("rm", "-f", id);
    expect(existsSync(`/proc/${Pid}`)).toBe(false);
    expect(await inTime(() => !traces().some((line) => line.includes(id)))).toBe(true);
  });

  test("a process that the kernel kills for its memory is counted while the container runs on", async () => {
    const id = inPod("losing", "sh", "-c", forker);
    expect(sampleOf(id).oom_kills).toBe(0);
    limitMemory(pathOf(id));
    ok("kill", "-s", "USR1", id);
    expect(await inTime(() => cgroupNumber(pathOf(id), "memory.events", "oom_kill") > 0)).toBe(true);
    expect(sampleOf(id).oom_kills).toBe(cgroupNumber(pathOf(id), "memory.events", "oom_kill"));
    expect(rowOf(id)).toMatchObject({ status: "running", oomKilled: false });
    ok("rm", "-f", id);
  });

  test("one that the kernel kills for its memory is told from others", () => {
    // On a slow machine systemd has removed an empty scope before conmon reads why its process ended.
    const { stranger } = strangerIn(leafOf(greedy));
    limitMemory(pathOf(greedy));
    ok("kill", "-s", "USR1", greedy);
    expect(ok("wait", greedy)).toBe("137");
    stranger.kill();
    const { status, exitCode, oomKilled } = rowOf(greedy);
    expect({ status, exitCode, oomKilled }).toEqual({ status: "stopped", exitCode: 137, oomKilled: true });
    expect(JSON.parse(ok("inspect", greedy))).toMatchObject({ State: { oomKilled: true, exitCode: 137 } });
    expect(ok("ps", "-a", "--filter", `id=${greedy}`)).toContain("Exited (137)");
    expect(ok("ps", "-a", "--filter", `id=${greedy}`)).toContain("(OOMKilled)");
  });

  test("stop ends a container by its signal, with its exit code", () => {
    ok("stop", "-t", "120", web);
    const { status, exitCode, oomKilled } = rowOf(web);
    expect({ status, exitCode, oomKilled }).toEqual({ status: "stopped", exitCode: 3, oomKilled: false });
  });

  test("rm -f ends also what somebody put into the container's cgroup, and kill a paused one", async () => {
    const id = inPod("crowded", "sleep", "1000");
    const { ended } = strangerIn(leafOf(id));
    ok("pause", id);
    ok("kill", id);
    expect(ok("wait", id)).toBe("137");
    ok("rm", "-f", id);
    // By TERM where systemd ends the scope, before it kills.
    expect(["SIGKILL", "SIGTERM"]).toContain(await ended);
    expect(await inTime(() => !traces().some((line) => line.includes(id)))).toBe(true);
  });

  test("rm -f kills what forks faster than it can be killed one by one, and heeds no TERM", async () => {
    const id = inPod("forking", "sleep", "1000");
    const members = `/sys/fs/cgroup${leafOf(id)}/cgroup.procs`;
    const script = 'echo $$ > "$0" && exec perl -e "$1" "$0"';
    spawn("sh", ["-c", script, members, family], { stdio: "ignore" });
    expect(await inTime(() => readFileSync(members, "utf8").trim().split("\n").length >= 20)).toBe(true);
    ok("rm", "-f", id);
    expect(await inTime(() => !traces().some((line) => line.includes(id)))).toBe(true);
    expect(runProgram("pgrep", "perl").stdout).toBe("");
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
  const { exitCode, stderr } = kpod("pod", "run", "--network", "none", "--cgroup-parent", parent);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(message);
  await expectNothingLeft();
});

test.each<[CgroupManager, string, string, (id: string) => string]>([
  ["systemd", "1.17.0", "old.slice", (id) => `/old.slice/crio-conmon-${id}.scope`],
  ["cgroupfs", "1.33.0", "/old", (id) => `/old/crio-conmon-${id}`],
])("the manager %s: conmon stands where CRI-O %s put it", async (manager, version, parent, cgroup) => {
  configure(manager, "runc", { version });
  const id = ok("pod", "run", "--network", "none", "--name", "old", "--cgroup-parent", parent);
  expect(cgroupOf(monitorOf(id))).toBe(cgroup(id));
  ok("pod", "rm", "-f", id);
  await expectNothingLeft();
});

test.each<[CgroupManager, (id: string) => string]>([
  ["systemd", (id) => `/system.slice/crio-${id}.scope`],
  ["cgroupfs", (id) => `/crio/crio-${id}`],
])("the manager %s: a pod without a cgroup parent is where CRI-O has it", async (manager, cgroup) => {
  configure(manager, "runc");
  const id = ok("pod", "run", "--network", "none", "--name", "plain");
  const container = ok("run", "-d", "--pod", "plain", "--name", "web", "busybox", "sleep", "1000");
  const { Pid } = JSON.parse(ok("inspect", container)) as { Pid: number };
  expect(cgroupOf(Pid)).toBe(cgroup(container));
  ok("pod", "rm", "-f", id);
  await expectNothingLeft();
});

test.each<[CgroupManager, RuntimeName]>([
  ["systemd", "crun"],
  ["systemd", "runc"],
  ["cgroupfs", "crun"],
])(
  "the manager %s, %s: a pod whose infra container ends at once fails, and leaves nothing",
  async (...how) => {
    configure(...how, { pauseCommand: "/bin/true" });
    const { exitCode, stdout, stderr } = kpod("pod", "run", "--network", "none", "--name", "brief");
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain("the infra container of pod brief ended at once with exit code 0");
    expect(JSON.parse(ok("pod", "ps", "--format", "json"))).toEqual([]);
    await expectNothingLeft();
  },
);

test("what a unit of systemd's launches outlives the unit", async () => {
  configure("systemd", "crun");
  const pod = ok("pod", "run", "--network", "none", "--name", "lasting");
  const words = ["run", "-d", "--pod", "lasting", "--name", "web", "busybox", "sleep", "1000"];
  const { exitCode, stdout } = runProgram("systemd-run", "--quiet", "--wait", "--pipe", "kpod", ...words);
  expect(exitCode).toBe(0);
  const id = stdout.trim();
  expect(rowOf(id).status).toBe("running");
  expect(cgroupOf(monitorOf(id))).toBe(`/system.slice/crio-conmon-${id}.scope`);
  ok("pod", "rm", "-f", pod);
  await expectNothingLeft();
});
