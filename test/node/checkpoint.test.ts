// Checkpoints by the real criu, on a kernel that it fits.
import { statSync } from "node:fs";
import { cgroupOf, configure, inTime, kpod, ok, runProgram, traces } from "./machine";

interface Container {
  readonly ID: string;
  readonly Name: string;
  readonly ImageID: string;
  readonly LogPath: string;
  readonly Pid: number;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: { readonly status: string; readonly exitCode: number; readonly checkpointedAt: string };
}

const zeroTime = "0001-01-01T00:00:00Z";

/** Counts for ever, from 1 on, and changes files of its image before. */
const counter = [
  "echo changed > /changed",
  "rm /bin/yes",
  "mkdir /made && chmod 750 /made && echo deep > /made/deep",
  "i=0; while :; do i=$((i+1)); echo $i; echo $i > /count; sleep 0.2; done",
].join("; ");

/** Two ends of a connection, over which a line goes twice a second. */
const talkers = [
  "nc -l -p 7777 -e sh -c 'while read line; do echo got $line >> /got; done' &",
  "sleep 1",
  "(i=0; while :; do i=$((i+1)); echo $i; sleep 0.5; done) | nc 127.0.0.1 7777",
].join("\n");

function inspect(name: string): Container {
  return JSON.parse(ok("inspect", "--type", "container", name)) as Container;
}

function count(name: string): number {
  return Number(ok("exec", name, "cat", "/count"));
}

/** The numbers in a log, in its order. */
function logged(name: string): number[] {
  // What runc warns of when it restores goes to stderr of the container.
  return kpod("logs", name).stdout.trimEnd().split("\n").map(Number);
}

async function expectCounting(name: string): Promise<void> {
  const before = count(name);
  expect(await inTime(() => count(name) > before)).toBe(true);
}

/** Each number one more than that before it: nothing began anew, and nothing was lost. */
function expectWithoutBreak(numbers: readonly number[]): void {
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
}

function run(name: string, script: string, pod: readonly string[] = ["--network", "none"]): string {
  return ok("run", "-d", "--name", name, "--label", "app=shop", ...pod, "busybox", "sh", "-c", script);
}

/** Their limits, their pause and their end are nobody else's. */
function expectOwnCgroups(...ids: string[]): void {
  for (const id of ids) expect(cgroupOf(inspect(id).Pid)).toContain(id);
}

function statusesOf(id: string): string[] {
  return ok("events", "--no-stream", "--json", "--filter", `container=${id}`)
    .split("\n")
    .map((line) => (JSON.parse(line) as { Status: string }).Status)
    .filter((status) => !status.startsWith("exec"));
}

// So that what fails here does not fail what comes after.
afterEach(() => {
  for (const pod of ["web", "again"]) kpod("pod", "rm", "-f", pod);
}, 600_000);

afterAll(async () => {
  await inTime(() => traces().length === 0);
  expect(traces()).toEqual([]);
}, 600_000);

describe("runc", () => {
  beforeAll(() => {
    configure("systemd", "runc");
  });

  test("a container goes on in its place, with its id, files and log", async () => {
    const id = run("web", counter);
    await inTime(() => count("web") > 3);
    expect(ok("checkpoint", "web")).toBe(id);
    const stopped = inspect(id);
    expect(stopped.State).toMatchObject({ status: "stopped", exitCode: 137 });
    expect(stopped.State.checkpointedAt).not.toBe(zeroTime);
    expect(kpod("checkpoint", "web").stderr).toMatch(/cannot checkpoint container web .*: it is not running/);

    expect(ok("restore", "web")).toBe(id);
    expect(inspect(id)).toMatchObject({ Name: stopped.Name, State: { status: "running" } });
    await expectCounting("web");
    expectWithoutBreak(logged("web"));
    expect(statusesOf(id)).toEqual(["create", "start", "checkpoint", "died", "start", "restore"]);
    expect(kpod("restore", "web").stderr).toMatch(/cannot restore container web .*: it runs/);

    ok("stop", "-t", "0", "web");
    expect(kpod("restore", "web").stderr).toMatch(/it keeps no checkpoint/);
    ok("pod", "rm", "-f", "web");
  }, 600_000);

  test("an archive of one that runs on is restored beside it, and once more in its pod", async () => {
    const id = run("web", counter);
    await inTime(() => count("web") > 3);
    expect(ok("checkpoint", "--export", "/tmp/web.tar", "--leave-running", "web")).toBe(id);
    expect(inspect(id).State.status).toBe("running");
    await expectCounting("web");
    expect(statSync("/tmp/web.tar").mode & 0o7777).toBe(0o600);
    const members = runProgram("tar", "-tf", "/tmp/web.tar").stdout.split("\n");
    expect(members).toEqual(
      expect.arrayContaining([
        ...["config.dump", "spec.dump", "bind.mounts", "checkpoint/", "checkpoint/inventory.img"],
        ...["rootfs-diff.tar", "deleted.files", "dump.log", "stats-dump", "io.kubernetes.cri-o.LogPath"],
      ]),
    );

    const again = ok("restore", "--import", "/tmp/web.tar", "--network", "none", "--name", "again");
    expect(again).not.toBe(id);
    await expectCounting("again");
    expectWithoutBreak(logged("again"));
    expect(inspect(again)).toMatchObject({
      ImageID: inspect(id).ImageID,
      Labels: { app: "shop", "io.kubernetes.container.name": "again" },
      State: { status: "running" },
    });
    expect(
      ok(
        "exec",
        "again",
        "sh",
        "-c",
        "cat /changed /made/deep; stat -c %a /made; test -e /bin/yes || echo gone",
      ),
    ).toBe("changed\ndeep\n750\ngone");

    expectOwnCgroups(id, again);
    const third = ok("restore", "--import", "/tmp/web.tar", "--pod", "web", "--name", "third");
    await expectCounting("third");
    expectOwnCgroups(id, again, third);
    for (const name of ["third", "again"]) ok("stop", "-t", "0", name);
    expect(inspect(third).State).toMatchObject({ status: "stopped", exitCode: 137 });
    expect(statusesOf(again).slice(0, 3)).toEqual(["create", "start", "restore"]);
    ok("pod", "rm", "-f", "web", "again");
  }, 600_000);

  test("what is exported ends once its archive is there, and goes on after it was removed", async () => {
    const id = run("web", counter);
    await inTime(() => count("web") > 3);
    const { stderr } = kpod("checkpoint", "--export", "/no/such/directory/web.tar", "web");
    expect(stderr).toMatch(/cannot write \/no\/such\/directory\/web.tar/);
    await expectCounting("web");
    ok("checkpoint", "--export", "/tmp/web.tar", "web");
    expect(inspect(id).State).toMatchObject({ status: "stopped", exitCode: 137 });
    ok("pod", "rm", "-f", "web");
    ok("restore", "--import", "/tmp/web.tar", "--network", "none");
    await expectCounting("web");
    expectWithoutBreak(logged("web"));
    ok("pod", "rm", "-f", "web");
  }, 600_000);

  test("one with connections runs on when criu refuses, and is checkpointed with them where that is asked for", async () => {
    run("web", talkers);
    const got = (): number => Number(kpod("exec", "web", "sh", "-c", "grep -c got /got").stdout);
    await inTime(() => got() > 1);
    const { exitCode, stderr } = kpod("checkpoint", "web");
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^Error: cannot checkpoint container web .*: criu: .*--tcp-established keeps connections\n$/,
    );
    const before = got();
    expect(await inTime(() => got() > before)).toBe(true);
    ok("checkpoint", "--tcp-established", "web");
    ok("restore", "--tcp-established", "web");
    const restored = got();
    expect(await inTime(() => got() > restored)).toBe(true);
    ok("pod", "rm", "-f", "web");
  }, 600_000);
});

test("what is restored beside its original is in a cgroup of its own", async () => {
  configure("cgroupfs", "runc");
  const id = run("web", counter);
  await inTime(() => count("web") > 3);
  ok("checkpoint", "--export", "/tmp/web.tar", "--leave-running", "web");
  const again = ok("restore", "--import", "/tmp/web.tar", "--network", "none", "--name", "again");
  expectOwnCgroups(id, again);
  ok("pod", "rm", "-f", "web");
  await expectCounting("again");
  ok("pod", "rm", "-f", "again");
}, 600_000);

test("a runtime without criu is named, and its container runs on", () => {
  configure("systemd", "crun");
  run("web", counter);
  const { exitCode, stderr } = kpod("checkpoint", "web");
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^Error: \/usr\/bin\/crun makes no checkpoints: .*\n$/);
  expect(inspect("web").State.status).toBe("running");
  ok("pod", "rm", "-f", "web");
}, 600_000);
