// What doctor finds of cgroups and units, as the kernel and systemd of today have them, and mends.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import {
  cgroupNumber,
  configure,
  crioUnits,
  inTime,
  kpod,
  ok,
  runProgram,
  shopCgroups,
  traces,
  writeCgroupFile,
  type CgroupManager,
  type RuntimeName,
} from "./machine";

interface Finding {
  readonly finding: string;
  readonly id: string;
  readonly severity: string;
  readonly object: { readonly id?: string; readonly name?: string; readonly path?: string };
  readonly evidence: readonly { readonly file: string; readonly says: string }[];
}

const gone = "5".repeat(64);

/** What doctor finds by these checks, however young it is. */
function examine(...checks: string[]): Finding[] {
  const { stdout, stderr } = kpod("doctor", ...checks, "--min-age", "0s", "--format", "json");
  expect(stderr).toBe("");
  const { findings, unknown } = JSON.parse(stdout) as { findings: Finding[]; unknown: unknown[] };
  expect(unknown).toEqual([]);
  return findings;
}

function mend(what: string): void {
  const { exitCode, stderr } = kpod("doctor", "--mend", what, "--min-age", "0s", "--yes");
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
}

describe.each<[CgroupManager, RuntimeName]>([
  ["systemd", "crun"],
  ["cgroupfs", "runc"],
])("the manager %s, %s", (manager, runtime) => {
  const { parent, pathOf } = shopCgroups(manager);
  const inPod = (name: string, script: string): string =>
    ok("run", "-d", "--pod", "shop", "--name", name, "busybox", "sh", "-c", script);

  beforeAll(() => {
    configure(manager, runtime);
    ok("pod", "run", "--network", "none", "--name", "shop", "--cgroup-parent", parent);
  }, 600_000);

  // So that what fails here does not fail what comes after.
  afterAll(async () => {
    kpod("pod", "rm", "-f", "shop");
    await inTime(() => crioUnits().length === 0);
    expect(traces()).toEqual([]);
  }, 600_000);

  test("a pod at work is sound", () => {
    inPod("idle", "sleep 1000");
    // The machine has no plugins where this configuration wants them, and logs of pods that other tests have removed.
    const found = examine().filter(({ id }) => !/^net\.config$|^disk\.logs$/.test(id));
    expect(found.filter(({ id, severity }) => severity !== "informs" || /^(cgroup|proc)\./.test(id))).toEqual(
      [],
    );
    ok("rm", "-f", "idle");
  });

  test("a cgroup of nobody is found and removed", () => {
    const path = `/sys/fs/cgroup${pathOf(gone)}`;
    mkdirSync(`${path}/container`, { recursive: true });
    expect(examine("cgroup.left")).toMatchObject([
      { id: "cgroup.left", severity: "leaks", object: { id: gone, path } },
    ]);
    mend("cgroup.left");
    expect(existsSync(path)).toBe(false);
    expect(examine("cgroup.left")).toEqual([]);
  });

  test("a container without room for another process is told", () => {
    const id = inPod("full", "exec sleep 1000");
    ok("update", "--pids-limit", "1", id);
    expect(kpod("exec", id, "sh", "-c", "sleep 0 & wait $!").exitCode).not.toBe(0);
    const [found] = examine("cgroup.pids-limit");
    expect(found).toMatchObject({ severity: "breaks-now", object: { id } });
    expect(found?.evidence.map(({ says }) => says)).toEqual([
      expect.stringMatching(/^says that the limit was met \d+ times$/),
      "says 1, of 1",
      expect.stringMatching(/^pids_limit of a container is -?\d+$/),
    ]);
    ok("rm", "-f", id);
    expect(examine("cgroup.pids-limit")).toEqual([]);
  });

  test("a container that goes on without a process that had no memory is told", async () => {
    const id = inPod("losing", "trap 'tail /dev/zero' USR1; while :; do sleep 0.1; done");
    writeCgroupFile(pathOf(id), "memory.swap.max", 0);
    writeCgroupFile(pathOf(id), "memory.max", 24 * 1024 * 1024);
    ok("kill", "-s", "USR1", id);
    expect(await inTime(() => cgroupNumber(pathOf(id), "memory.events", "oom_kill") > 0)).toBe(true);
    expect(examine("cgroup.oom")).toMatchObject([
      {
        severity: "informs",
        object: { id },
        evidence: [expect.anything(), { says: "has the limit 25165824" }],
      },
    ]);
    expect(ok("why", id)).toContain("25165824");
    ok("rm", "-f", id);
    expect(examine("cgroup.oom")).toEqual([]);
  });

  test("processes in a cgroup of nobody are ended", async () => {
    const path = pathOf(gone);
    mkdirSync(`/sys/fs/cgroup${path}`);
    const script = `echo $$ >/sys/fs/cgroup${path}/cgroup.procs; setsid sleep 1000 </dev/null >/dev/null 2>&1 &`;
    expect(runProgram("sh", "-c", script).exitCode).toBe(0);
    expect(await inTime(() => readFileSync(`/sys/fs/cgroup${path}/cgroup.procs`, "utf8") !== "")).toBe(true);
    const [orphan] = examine("proc.hostpid-orphan");
    expect(orphan).toMatchObject({ object: { id: gone } });
    mend(orphan?.finding ?? "");
    expect(existsSync(`/sys/fs/cgroup${path}`)).toBe(false);
    expect(examine("proc.hostpid-orphan", "cgroup.left")).toEqual([]);
  });
});

test("a scope that has failed is removed from systemd's list", async () => {
  configure("systemd", "runc");
  const unit = `crio-${gone}.scope`;
  const words = ["--scope", `--unit=${unit}`, "--quiet", "-p", "RuntimeMaxSec=1", "sleep", "1000"];
  runProgram("systemd-run", ...words);
  expect(await inTime(() => runProgram("systemctl", "is-failed", unit).exitCode === 0)).toBe(true);
  expect(examine("proc.scope-left")).toMatchObject([{ severity: "leaks", object: { id: gone, name: unit } }]);
  mend("proc.scope-left");
  expect(crioUnits()).toEqual([]);
  expect(examine("proc.scope-left")).toEqual([]);
});
