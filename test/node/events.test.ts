// What events tell of containers in cgroups of version 2: of these the kernel says when one is frozen, out of memory, empty.
import { spawn, type ChildProcess } from "node:child_process";
import {
  cgroupNumber,
  cgroupOf,
  configure,
  crioUnits,
  inTime,
  kpod,
  ok,
  shopCgroups,
  traces,
  writeCgroupFile,
  type CgroupManager,
  type RuntimeName,
} from "./machine";

const megabyte = 1024 * 1024;

/** Has a child take all memory there is, once it gets USR1, and goes on. */
const forker = "trap 'tail /dev/zero' USR1; while :; do sleep 0.1; done";

interface Told {
  readonly ID: string;
  readonly Status: string;
  readonly ContainerExitCode?: number;
}

/** A kpod that tells events as they happen. */
function startReader(): { child: ChildProcess; told: (id: string) => string[]; stderr: () => string } {
  const child = spawn("kpod", ["events", "--json"]);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (chunk: Buffer) => (output[name] += chunk.toString()));
  const all = (): Told[] =>
    output.stdout
      .slice(0, output.stdout.lastIndexOf("\n") + 1)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Told);
  return {
    child,
    told: (id) =>
      all()
        .filter(({ ID }) => ID === id)
        .map(({ Status, ContainerExitCode: code }) => (code === undefined ? Status : `${Status} ${code}`)),
    stderr: () => output.stderr,
  };
}

describe.each<[CgroupManager, RuntimeName]>([
  ["systemd", "crun"],
  ["cgroupfs", "runc"],
])("the manager %s, %s", (manager, runtime) => {
  const { parent } = shopCgroups(manager);
  let reader: ReturnType<typeof startReader>;

  beforeAll(async () => {
    configure(manager, runtime);
    ok("pod", "run", "--network", "none", "--name", "shop", "--cgroup-parent", parent);
    reader = startReader();
    const probe = ok("images", "-q", "--no-trunc", "busybox").replace(/^sha256:/, "");
    let count = 0;
    await inTime(() => {
      ok("tag", "busybox", `probe:${count++}`);
      return reader.told(probe).includes("tag");
    });
  }, 600_000);

  afterAll(async () => {
    reader.child.kill("SIGINT");
    kpod("pod", "rm", "-f", "shop");
    await inTime(() => crioUnits().length === 0);
    expect(traces()).toEqual([]);
  }, 600_000);

  test("frozen and out of memory behind kpod's back, killed, and removed: each once, in order", async () => {
    const id = ok("run", "-d", "--pod", "shop", "--name", "losing", "busybox", "sh", "-c", forker);
    const { Pid, CgroupPath } = JSON.parse(ok("inspect", id)) as { Pid: number; CgroupPath: string };
    const so = ["create", "start"];
    const then = async (...next: string[]): Promise<void> => {
      so.push(...next);
      await inTime(() => reader.told(id).length >= so.length);
      expect(reader.told(id)).toEqual(so);
    };
    await then();
    for (const [value, status] of [
      [1, "pause"],
      [0, "unpause"],
    ] as const) {
      writeCgroupFile(cgroupOf(Pid), "cgroup.freeze", value);
      await then(status);
    }
    writeCgroupFile(CgroupPath, "memory.swap.max", 0);
    writeCgroupFile(CgroupPath, "memory.max", 24 * megabyte);
    process.kill(Pid, "SIGUSR1");
    expect(await inTime(() => cgroupNumber(CgroupPath, "memory.events", "oom_kill") > 0)).toBe(true);
    // It runs on: only the count of its cgroup tells.
    await then("oom");
    expect(ok("ps", "-q", "--no-trunc").split("\n")).toContain(id);
    process.kill(Pid, "SIGKILL");
    await then("died 137");
    ok("rm", id);
    await then("remove");
    // It may say that it waits for a lock.
    expect(reader.stderr()).not.toContain("inotify");
    const past = ok("events", "--no-stream", "--format", "{{.Status}}", "-f", `container=${id}`).split("\n");
    expect(past.filter((status) => status !== "oom")).toEqual(["create", "start", "died", "remove"]);
  });
});
