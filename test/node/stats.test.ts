// What stats tells beside systemd-cgtop and podman, which read the same cgroups.
import { cgroupNumber, configure, crioUnits, inTime, kpod, ok, runProgram, traces } from "./machine";

const megabyte = 1024 * 1024;

/** Writes a megabyte to its own layer, and then waits. */
const writer = `dd if=/dev/zero of=/written bs=${megabyte} count=1 conv=fsync 2>/dev/null; exec sleep 1000`;

interface Sample {
  readonly cpu: number;
  readonly mem_usage: number;
  readonly pids: number;
  readonly block_output: number;
}

function podman(...args: string[]): string {
  const places = ["--root", "/kpod-test/store", "--runroot", "/run/containers/storage"];
  const result = runProgram("podman", ...places, "--cgroup-manager", "systemd", ...args);
  expect({ args, ...result }).toMatchObject({ args, exitCode: 0 });
  return result.stdout.trim();
}

const scopeOf = (id: string): string => `/kpod.slice/kpod-shop.slice/crio-${id}.scope`;

function sampleOf(id: string, ...flags: string[]): Sample {
  const [sample] = JSON.parse(ok("stats", "--no-stream", "--json", ...flags, id)) as Sample[];
  if (sample === undefined) throw new Error(`stats does not show ${id}`);
  return sample;
}

let writing = "";
let working = "";

beforeAll(() => {
  configure("systemd", "crun");
  ok("pod", "run", "--network", "none", "--name", "shop", "--cgroup-parent", "kpod-shop.slice");
  const run = (name: string, script: string): string =>
    ok("run", "-d", "--pod", "shop", "--name", name, "busybox", "sh", "-c", script);
  writing = run("writing", writer);
  working = run("working", "while :; do i=0; while [ $i -lt 300 ]; do i=$((i+1)); done; sleep 0.1; done");
}, 600_000);

afterAll(() => {
  podman("rm", "-f", "-t", "0", "-i", "beside");
  kpod("pod", "rm", "-f", "shop");
}, 600_000);

test("tasks and memory are those of systemd-cgtop", async () => {
  expect(await inTime(() => sampleOf(writing).pids === 1)).toBe(true);
  const { stdout } = runProgram("env", "COLUMNS=400", "systemd-cgtop", "-b", "-n", "1", "-r", "kpod.slice");
  const line = stdout.split("\n").find((each) => each.includes(`crio-${writing}.scope `)) ?? stdout;
  const [, tasks, , memory] = line.trim().split(/\s+/);
  const sample = sampleOf(writing);
  expect(Number(tasks)).toBe(sample.pids);
  // It counts the cache of files that the kernel gives back first as well.
  const cached = cgroupNumber(scopeOf(writing), "memory.stat", "inactive_file");
  expect(Math.abs(Number(memory) - cached - sample.mem_usage)).toBeLessThan(megabyte);
});

test("the use of processors is what the kernel counts meanwhile", () => {
  const seconds = 2;
  const used = (): number => cgroupNumber(scopeOf(working), "cpu.stat", "usage_usec");
  const before = used();
  const { cpu } = sampleOf(working, "--interval", String(seconds));
  const after = used();
  expect(cpu).toBeGreaterThan(0);
  expect(cpu).toBeLessThanOrEqual(((after - before) / (seconds * 1e6)) * 100);
});

test("podman tells the same of a container that does the same", async () => {
  podman(
    "run",
    "-d",
    "--name",
    "beside",
    "--network",
    "none",
    "-m",
    "64m",
    "localhost/busybox",
    "sh",
    "-c",
    writer,
  );
  const limit = ["--root", "/run/crun", "update", "--memory", String(64 * megabyte), writing];
  expect(runProgram("crun", ...limit)).toMatchObject({ exitCode: 0 });
  const podmans = (): string[] =>
    podman(
      "stats",
      "--no-stream",
      "--format",
      "{{.MemUsage}}|{{.NetIO}}|{{.BlockIO}}|{{.PIDs}}",
      "beside",
    ).split("|");
  expect(await inTime(() => (podmans()[2] ?? "").endsWith("/ 1.049MB"))).toBe(true);
  const format = "{{.MemUsage}}|{{.NetIO}}|{{.BlockIO}}|{{.PIDs}}";
  const ours = ok("stats", "--no-stream", "--format", format, writing).split("|");
  const theirs = podmans();
  const second = (text = ""): string => text.split(" / ")[1] ?? "";
  // The limit, and the megabyte that was written; what was read, and is in use, is each one's own.
  expect([second(ours[0]), second(ours[2])]).toEqual([second(theirs[0]), second(theirs[2])]);
  expect([ours[1], ours[3]]).toEqual([theirs[1], theirs[3]]);
});

test("nothing is left, of podman's container neither", async () => {
  podman("rm", "-f", "-t", "0", "beside");
  ok("pod", "rm", "-f", "shop");
  await inTime(() => crioUnits().length === 0);
  expect(traces()).toEqual([]);
});
