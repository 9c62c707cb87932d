import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:http";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { cgroupDirectories } from "../../scripts/lib/machine.mjs";
import { rotatedLogs } from "../../src/lib/logs/rotated-logs";
import type { Container } from "../../src/lib/oci/container";
import { isAlive, readProcessStat } from "../../src/lib/system/process";
import {
  foundOn,
  mending,
  examinedBy,
  expectSound,
  type ShownExamination,
  type ShownFinding,
} from "../helpers/doctor";
import { freezerOf } from "../helpers/freezer";
import { kpodCommand } from "../helpers/kpod";
import { conmonOf, pidOf, tracesOf, useNode, usePod } from "../helpers/node";
import { runProcess } from "../helpers/process";
import { testId } from "../helpers/store-tree";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");
let web: Container;

/** What is found, by ids; nothing else may be. */
function found(...args: string[]): Promise<ShownFinding[]> {
  return foundOn(node, "--min-age", "0s", ...args);
}

/** One that costs somebody something stays, unless the finding itself is named. */
async function mendedByName({ finding, id }: ShownFinding): Promise<void> {
  expect(await node.refusal(...mending, id)).toBe(`${finding} stays: it is mended only where it is named`);
  expect(await node.ok(...mending, finding)).toBe(`${finding}\n`);
}

const ids = (findings: readonly ShownFinding[]): string[] => findings.map(({ id }) => id);

beforeAll(async () => {
  web = await node.start(pod, "web", "sleep 1000");
});

test("an end that CRI-O has not noticed: told where it is stopped, mended where it runs", async () => {
  await expectSound(node, "--min-age", "0s");
  const job = await node.start(pod, "job", "until [ -e /go ]; do sleep 0.05; done; exit 3");
  writeFileSync(`/proc/${pidOf(job)}/root/go`, "");
  await until("it has ended", () => existsSync(join(job.dir, "exit")));
  const monitor = conmonOf(job);
  await until("conmon has ended", () => !isAlive({ pid: monitor }));
  const watched = join(node.world.exitsDir, job.id);
  const stopped = await found();
  expect(ids(stopped)).toEqual(["proc.state-stale"]);
  expect(stopped[0]).toMatchObject({
    severity: "informs",
    object: { kind: "container", id: job.id, name: "job", pod: "shop" },
    mend: { class: "N" },
  });
  // CRI-O runs, and has missed it.
  rmSync(watched, { force: true });
  rmSync(join(job.dir, "exit"));
  const socket = join(node.world.directory, "crio.sock");
  const crio = createServer((_, response) => {
    response.end(JSON.stringify({ storage_root: node.world.root }));
  });
  await new Promise<void>((resolve) => crio.listen(socket, resolve));
  try {
    const [finding, ...others] = await found();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      id: "proc.state-stale",
      severity: "breaks-now",
      mend: {
        class: "S",
        commands: [`printf %s 255 >${join(job.dir, "exit")}`, `printf %s 255 >${watched}`],
      },
    });
    expect(finding?.evidence).toEqual(
      expect.arrayContaining([
        { file: join(job.dir, "state.json"), says: "says running" },
        { file: join(job.dir, "exit"), says: "is missing" },
        {
          file: join(job.bundlePath, "conmon-pidfile"),
          says: `says ${monitor}, which is no conmon of this container: none lives that would write its exit code`,
        },
        { file: watched, says: "is missing" },
      ]),
    );
    await node.ok(...mending, finding?.finding ?? "");
    expect([join(job.dir, "exit"), watched].map((path) => readFileSync(path, "utf8"))).toEqual([
      "255",
      "255",
    ]);
    await node.ok("doctor", "undo", "--yes");
    expect([join(job.dir, "exit"), watched].filter((path) => existsSync(path))).toEqual([]);
  } finally {
    await new Promise((resolve) => crio.close(resolve));
    rmSync(socket, { force: true });
  }
  await node.ok("rm", "job");
});

test("an end that its conmon has not written down yet, as that is stopped, is left to it", async () => {
  const job = await node.start(pod, "slow", "sleep 1000");
  const monitor = conmonOf(job);
  process.kill(monitor, "SIGSTOP");
  try {
    process.kill(pidOf(job), "SIGKILL");
    await until("it has ended", () => !isAlive({ pid: pidOf(job) }));
    const [finding, ...others] = await found();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      id: "proc.state-stale",
      object: { id: job.id },
      mend: { class: "N", commands: [`kill -CONT ${monitor}`] },
    });
    expect(finding?.evidence).toEqual(
      expect.arrayContaining([
        { file: join(job.dir, "exit"), says: "is missing" },
        {
          file: `/proc/${monitor}/stat`,
          says: "is its conmon, which is stopped and has not written its exit code yet",
        },
      ]),
    );
  } finally {
    process.kill(monitor, "SIGCONT");
  }
  await until("conmon has written it", () => existsSync(join(job.dir, "exit")));
  expect(readFileSync(join(job.dir, "exit"), "utf8")).toBe("137");
  await node.ok("rm", "slow");
});

test("who may not look into processes is not told that a conmon that lives is dead", async () => {
  const words = ["--config", node.world.config, "doctor", "--format", "json", "proc.monitor-dead"];
  const dropped = ["--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"];
  const { stdout } = await runProcess("setpriv", [...dropped, ...kpodCommand, ...words]);
  const { findings, unknown } = JSON.parse(stdout) as ShownExamination;
  expect(findings).toEqual([]);
  expect(unknown).toEqual([
    {
      id: "proc.monitor-dead",
      why: expect.stringMatching(/^the conmons of 2 containers and pods, as of .*shop/) as string,
    },
  ]);
});

test("a container whose conmon has died", async () => {
  const lost = await node.start(pod, "lost", "sleep 1000");
  const monitor = conmonOf(lost);
  process.kill(monitor, "SIGKILL");
  await until("conmon has died", () => !isAlive({ pid: monitor }));
  const findings = await found();
  expect(ids(findings)).toEqual(["proc.monitor-dead"]);
  expect(findings[0]).toMatchObject({
    severity: "breaks-now",
    object: { kind: "container", id: lost.id, name: "lost", pod: "shop" },
    mend: { class: "Q", commands: [`kpod stop ${lost.id.slice(0, 13)}`] },
  });
  expect(findings[0]?.evidence[0]).toEqual({
    file: join(lost.bundlePath, "conmon-pidfile"),
    says: `says ${monitor}, which is no conmon of this container`,
  });
  expect((await node.kpod("doctor", "--quick")).stdout).toContain(
    "  Mending, at the cost of what runs of it: stop the container, so that the kubelet starts a new one\n",
  );
  for (const finding of findings) await mendedByName(finding);
  expect(await node.ok("ps", "-a", "--format", "{{.Status}}", "--filter", "name=lost")).toMatch(/^Exited/);
  expect(await found()).toEqual([]);
  await node.ok("rm", "lost");
});

test("frozen by its own cgroup is paused, by one above it is not", async () => {
  await node.ok("pause", "web");
  const [paused, ...none] = await found();
  expect(none).toEqual([]);
  expect(paused).toMatchObject({ id: "cgroup.frozen", severity: "informs", object: { id: web.id } });
  await node.ok("unpause", "web");

  const { file, frozen, thawed } = freezerOf(node.world.cgroupParent);
  writeFileSync(file, frozen);
  try {
    await until("it is frozen", () => readFileSync(file, "utf8").trim() === frozen);
    const findings = await found();
    const about = findings.find(({ object }) => object.id === web.id);
    expect(new Set(ids(findings))).toEqual(new Set(["cgroup.frozen"]));
    expect(about).toMatchObject({
      severity: "breaks-now",
      object: { pid: pidOf(web) },
      mend: { class: "S", commands: [`echo ${thawed} >${file}`] },
    });
    expect(about?.evidence[0]).toEqual({ file, says: "a cgroup above the container's is frozen" });
    expect((await node.kpod("doctor", "--mend", "--yes", about?.finding ?? "")).exitCode).toBe(0);
    await until("it is thawed", () => readFileSync(file, "utf8").trim() === thawed);
  } finally {
    writeFileSync(file, thawed);
  }
  await until("it is thawed", () => readFileSync(file, "utf8").trim() === thawed);
});

test("a conmon without a record, and cgroups that nobody knows", async () => {
  const forgotten = await node.start(pod, "forgotten", "sleep 1000");
  const records = join(node.world.root, "overlay-containers/containers.json");
  const before = readFileSync(records, "utf8");
  const without = (JSON.parse(before) as { id: string }[]).filter(({ id }) => id !== forgotten.id);
  writeFileSync(records, JSON.stringify(without));
  {
    const findings = await found("proc", "cgroup");
    expect(ids(findings)).toEqual(["proc.monitor-orphan"]);
    expect(findings[0]).toMatchObject({
      severity: "leaks",
      object: { kind: "process", id: forgotten.id, pid: conmonOf(forgotten) },
      mend: { class: "S", commands: [`kpod rm -f ${forgotten.id.slice(0, 13)}`] },
    });
    for (const finding of findings) await mendedByName(finding);
    expect(tracesOf(node.world, forgotten)).toEqual([]);
  }

  const stray = testId("stray");
  const directories = cgroupDirectories(node.world.cgroupParent)
    .filter((directory) => basename(directory) === `crio-${web.id}`)
    .map((directory) => join(dirname(directory), `crio-${stray}`));
  for (const directory of directories) mkdirSync(directory, { recursive: true });
  const sleeper = spawn("sleep", ["1000"], { stdio: "ignore" });
  const ended = new Promise((resolve) => sleeper.once("exit", resolve));
  try {
    const [left, ...none] = await found();
    expect(none).toEqual([]);
    expect(left).toMatchObject({
      id: "cgroup.left",
      severity: "leaks",
      object: { kind: "cgroup", id: stray },
    });
    expect((await node.kpod("doctor", "--mend", "--yes", "--min-age", "0s", "cgroup.left")).exitCode).toBe(0);
    expect(directories.filter((directory) => existsSync(directory))).toEqual([]);
    for (const directory of directories) mkdirSync(directory, { recursive: true });
    const [place = ""] = directories.filter(
      (directory) => directory.includes("/pids/") || !directory.includes("cpuset"),
    );
    writeFileSync(join(place, "cgroup.procs"), String(sleeper.pid));
    const [orphan, ...others] = await found();
    expect(others).toEqual([]);
    expect(orphan).toMatchObject({ id: "proc.hostpid-orphan", severity: "leaks", object: { id: stray } });
    expect(orphan?.mend.commands).toEqual([`kill -KILL ${sleeper.pid ?? 0}`]);
    if (orphan !== undefined) await mendedByName(orphan);
    await ended;
    expect(directories.filter((directory) => existsSync(directory))).toEqual([]);
  } finally {
    sleeper.kill("SIGKILL");
    await ended;
    for (const directory of directories) await until("it is empty", () => removed(directory));
  }
});

test("the cgroup of a pod that is gone, unless the kubelet knows the pod", async () => {
  const [uid, gone] = ["0b3c4d5e-1234-4abc-8def-00112233aabb", "0b3c4d5e-1234-4abc-8def-00112233aacc"];
  const { cgroupParent, scratch } = node.world;
  const ward = await node.pod("ward", { cgroupParent: `${cgroupParent}/kubepods/pod${uid}` });
  const pods = join(scratch, "kubelet/pods");
  const volume = join(pods, ward.uid, "volumes/kubernetes.io~empty-dir/data");
  mkdirSync(volume, { recursive: true });
  const directories = cgroupDirectories(cgroupParent)
    .filter((directory) => basename(directory) === `pod${uid}`)
    .map((directory) => join(dirname(directory), `pod${gone}`));
  for (const directory of directories) mkdirSync(join(directory, "below"), { recursive: true });
  // With none of its directories to be seen nobody knows which pods the kubelet has.
  await expectSound(node, "--looks", "--min-age", "0s", "cgroup.left");
  const { logPath } = await node.start(ward, "bed", "sleep 1000", {
    volumes: [{ hostPath: volume, containerPath: "/data", readonly: false }],
  });
  mkdirSync(join(pods, gone));
  await expectSound(node, "--looks", "--min-age", "0s", "cgroup.left");
  rmSync(join(pods, gone), { recursive: true });
  const [left, ...others] = await found("--looks", "cgroup.left");
  expect(others).toEqual([]);
  expect(left).toMatchObject({ severity: "leaks", object: { name: `pod${gone}`, path: directories[0] } });
  expect(left?.evidence).toContainEqual({
    file: pods,
    says: `has no ${gone}: the kubelet does not know it`,
  });
  // At the moment somebody looks at it first it is made, as far as the kernel tells.
  await expectSound(node, "--looks", "cgroup.left");
  const mended = await node.ok("doctor", "--mend", "--yes", "--min-age", "0s", "cgroup.left");
  expect(mended).toBe(`${left?.finding ?? ""}\n`);
  expect(directories.filter((directory) => existsSync(directory))).toEqual([]);
  // What systemd has made it is asked to remove.
  const slices = directories.map((directory) =>
    join(dirname(directory), `kubepods-burstable-pod${gone.replaceAll("-", "_")}.slice`),
  );
  for (const directory of slices) mkdirSync(directory);
  const [slice, ...none] = await found("--looks", "cgroup.left");
  expect(none).toEqual([]);
  expect(slice?.mend.commands).toEqual([`systemctl stop ${basename(slices[0] ?? "")}`]);
  for (const directory of slices) rmdirSync(directory);
  await node.ok("pod", "rm", "-f", "ward");
  // As the kubelet does.
  rmSync(dirname(logPath), { recursive: true });
});

/** Removes a cgroup; the kernel takes a moment until what has died in it is gone. */
function removed(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return !existsSync(directory);
  }
}

test("a container that may start nothing more, and one of which the kernel killed a process", async () => {
  await node.ok("update", "--pids-limit", "1", "web");
  expect((await node.kpod("exec", "web", "sh", "-c", "sleep 0 & wait $!")).exitCode).not.toBe(0);
  const findings = await found("cgroup");
  expect(ids(findings)).toEqual(["cgroup.pids-limit"]);
  expect(findings[0]).toMatchObject({ severity: "breaks-now", object: { id: web.id } });
  expect(findings[0]?.evidence.map(({ says }) => says)).toContainEqual(
    expect.stringMatching(/^pids_limit of a container is -?\d+$/),
  );
  await node.ok("update", "--pids-limit", "100", "web");

  const script = "while [ ! -e /go ]; do sleep 0.05; done; x=a; while :; do x=$x$x; done";
  const greedy = await node.start(pod, "greedy", `(${script}); sleep 1000`);
  await node.ok("update", "--memory", "16m", "--memory-swap", "16m", "greedy");
  await node.ok("exec", "greedy", "touch", "/go");
  await until("the kernel has killed it", async () =>
    (await found("cgroup.oom")).some(({ object }) => object.id === greedy.id),
  );
  const [oom] = await found("cgroup.oom");
  expect(oom).toMatchObject({ severity: "informs", object: { name: "greedy" } });
  expect(oom?.evidence[0]?.says).toMatch(/^says that \d+ processes were killed$/);
  expect(oom?.evidence.at(-1)?.file).toBe("/dev/kmsg");
  expect(oom?.evidence.at(-1)?.says).toMatch(/^tells that sh \(\d+\) was killed at \S+Z$/);
  await node.ok("rm", "-f", "greedy");
});

test("a log that was deleted while conmon writes it, and limits that are nearly met", async () => {
  const { server } = await node.openServer();
  const { logPath } = web;
  expect(await examinedBy(server, ["disk", "system.limits", "proc", "storage.mount-held-elsewhere"])).toEqual(
    [],
  );
  rmSync(logPath);
  const [deleted, ...none] = await examinedBy(server, ["disk"]);
  expect(none).toEqual([]);
  expect(deleted).toMatchObject({
    id: "disk.logs",
    severity: "leaks",
    object: { kind: "container", id: web.id, path: logPath },
    mend: { class: "S" },
  });
  expect(deleted?.evidence[1]?.file).toMatch(new RegExp(`^/proc/${conmonOf(web)}/fd/`));
  execFileSync("sh", ["-c", deleted?.mend.commands.at(-1) ?? ""]);
  await until("conmon has opened it anew", () => existsSync(logPath));
  expect(await examinedBy(server, ["disk"])).toEqual([]);

  // One that nobody rotates loses nothing while conmon writes it.
  truncateSync(logPath, 101 * 1024 * 1024);
  const [large] = await examinedBy(server, ["disk"]);
  const [move = "", reopen = "", compress = ""] = large?.mend.commands ?? [];
  execFileSync("sh", ["-c", move]);
  await node.ok(...reopen.split(" ").slice(1));
  execFileSync("sh", ["-c", compress]);
  expect(statSync(logPath).size).toBe(0);
  expect(rotatedLogs(logPath)).toMatchObject([{ gzipped: true }]);
  expect(await examinedBy(server, ["disk"])).toEqual([]);

  const user = "54321";
  // A user may have 128 instances where nobody has said otherwise.
  const limit = Number(readFileSync("/proc/sys/fs/inotify/max_user_instances", "utf8"));
  const watcher = spawn(
    "perl",
    [
      "-e",
      `$> = $< = ${user}; syscall(${process.arch === "x64" ? 294 : 26}, 0) for 1..${limit}; print "ready"; close(STDOUT); sleep 1000`,
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const ended = new Promise((resolve) => watcher.once("exit", resolve));
  const monitor = String(conmonOf(web));
  const files = /Max open files +(\d+) +(\d+)/.exec(readFileSync(`/proc/${monitor}/limits`, "utf8")) ?? [];
  try {
    execFileSync("prlimit", ["--pid", monitor, "--nofile=8:"]);
    await new Promise((resolve) => watcher.stdout.once("data", resolve));
    // Who has nothing to do with this store is nobody's business.
    const [conmon, ...others] = await examinedBy(server, ["system.limits"]);
    expect(others).toEqual([]);
    expect(conmon).toMatchObject({
      severity: "breaks-now",
      object: { kind: "process", pid: Number(monitor), name: "conmon" },
      evidence: [{}, { file: `/proc/${monitor}/limits`, says: "allows it 8" }],
      mend: { class: "N", commands: [`prlimit --pid ${monitor} --nofile=64:${files[2] ?? ""}`] },
    });
    execFileSync("sh", ["-c", conmon?.mend.commands[0] ?? ""]);
    expect(await examinedBy(server, ["system.limits"])).toEqual([]);
    const crowded = await node.start(pod, "crowded", "sleep 1000", { user });
    const watched = (await examinedBy(server, ["system.limits"])).find(
      ({ object }) => object.name === "fs.inotify.max_user_instances",
    );
    expect(watched?.evidence).toContainEqual({ file: "/proc/*/fd", says: `user ${user} has ${limit}` });
    await node.ok("rm", "-f", crowded.id);
  } finally {
    watcher.kill("SIGKILL");
    await ended;
    execFileSync("prlimit", ["--pid", monitor, `--nofile=${files[1] ?? ""}:${files[2] ?? ""}`]);
  }
  expect(await examinedBy(server, ["system.limits"])).toEqual([]);
});

test("of a CRI-O that has met its limit of files, a drop-in of its unit raises it", async () => {
  const { server } = await node.openServer();
  const unit = "kpod test.service";
  const directories = cgroupDirectories(node.world.cgroupParent)
    .filter((directory) => basename(directory) === `crio-${web.id}`)
    // That of the processors takes nobody as long as it has none.
    .filter((directory) => !directory.includes("/cpuset/"))
    .map((directory) => join(dirname(directory), unit));
  for (const directory of directories) mkdirSync(directory);
  const socket = join(node.world.directory, "crio.sock");
  const listening =
    "use Socket; $| = 1; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(shift)) or die; listen(S, 5); " +
    'while (open(my $file, "<", "/dev/null")) { push @files, $file } print "ready"; sleep 1000';
  const crio = spawn("prlimit", ["--nofile=8:4096", "perl", "-e", listening, socket], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => crio.once("exit", resolve));
  try {
    await new Promise((resolve) => crio.stdout.once("data", resolve));
    for (const directory of directories) writeFileSync(join(directory, "cgroup.procs"), String(crio.pid));
    const [limit, ...others] = await examinedBy(server, ["system.limits"]);
    expect(others).toEqual([]);
    expect(limit).toMatchObject({ object: { pid: crio.pid }, mend: { class: "N" } });
    const place = `/etc/systemd/system/${unit}.d`;
    const [make = "", write = "", ...reload] = limit?.mend.commands ?? [];
    expect(reload).toEqual(["systemctl daemon-reload", `systemctl restart '${unit}'`]);
    const made = join(node.world.directory, "units");
    for (const command of [make, write]) execFileSync("sh", ["-c", command.replace("/etc/systemd", made)]);
    const file = join(made, place.slice("/etc/systemd".length), "90-kpod.conf");
    expect(readFileSync(file, "utf8")).toBe("[Service]\nLimitNOFILE=64\n");
  } finally {
    crio.kill("SIGKILL");
    await ended;
    rmSync(socket, { force: true });
    for (const directory of directories) rmdirSync(directory);
  }
});

test("what was executed in a container and has lost its parent piles up", async () => {
  const { server } = await node.openServer();
  const executed = async (count: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, () => node.ok("exec", "-d", "web", "sleep", "1000")));
  };
  await executed(9);
  expect(await examinedBy(server, ["proc"])).toEqual([]);
  const [cgroup = ""] = cgroupDirectories(node.world.cgroupParent).filter(
    (directory) => basename(directory) === `crio-${web.id}`,
  );
  // Daemons in the pid namespace of the node have no parent either, and are meant to be there.
  const daemons = execFileSync(
    "perl",
    [
      "-e",
      `$| = 1; for (1..10) { my $pid = fork; if ($pid) { print "$pid\\n"; next }
       open(CGROUP, ">", $ARGV[0]) or die; print CGROUP $$; close(CGROUP) or die; close(STDOUT); sleep 1000 }`,
      join(cgroup, "cgroup.procs"),
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
  const daemonPids = daemons.trim().split("\n").map(Number);
  try {
    expect(daemonPids.filter((pid) => isAlive({ pid }))).toHaveLength(10);
    expect(await examinedBy(server, ["proc"])).toEqual([]);
  } finally {
    for (const pid of daemonPids) process.kill(pid, "SIGKILL");
  }
  await executed(1);
  const [found, ...others] = await examinedBy(server, ["proc"]);
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    id: "proc.exec-piled",
    severity: "leaks",
    object: { kind: "container", id: web.id, pod: "shop" },
    mend: { class: "S" },
  });
  expect(found?.mend.commands).toHaveLength(10);
  await node.ok("doctor", "--mend", "--yes", "--min-age", "0s", "proc.exec-piled");
  expect(await examinedBy(server, ["proc"])).toEqual([]);
  expect((await node.ok("top", "web", "args")).trim().split("\n")).toEqual(["COMMAND", "sleep 1000"]);
});

test("a file system that is mounted in the namespace of another service alone", async () => {
  const { server } = await node.openServer();
  const ended = await node.start(pod, "held", "sleep 1000");
  const [image] = JSON.parse(readFileSync(join(node.world.root, "overlay-images/images.json"), "utf8")) as {
    layer: string;
  }[];
  // Somebody works in an image there.
  const place = join(node.world.root, "overlay", image?.layer ?? "", "merged");
  const isNew = mkdirSync(place, { recursive: true }) !== undefined;
  const holder = spawn(
    "unshare",
    [
      ...["-m", "--propagation", "private", "sh", "-c"],
      'mount -t tmpfs kpod-test "$1" && echo ready && exec sleep 1000',
      ...["sh", place],
    ],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const gone = new Promise((resolve) => holder.once("exit", resolve));
  try {
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    expect(await examinedBy(server, ["storage.mount-held-elsewhere"])).toEqual([]);
    await node.ok("stop", "-t", "0", "held");
    await node.kpod("umount", "held");
    const merged = join(node.world.root, "overlay", ended.layerId, "merged");
    const [found, ...others] = await examinedBy(server, ["storage"]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      id: "storage.mount-held-elsewhere",
      severity: "breaks-now",
      object: { kind: "container", id: ended.id, name: "held", pod: "shop" },
      mend: { class: "N" },
    });
    expect(found?.evidence[0]).toEqual({
      file: `/proc/${holder.pid ?? 0}/mountinfo`,
      says: expect.stringContaining(`has ${merged} mounted: pid ${holder.pid ?? 0} (sleep`) as string,
    });
    // Newer stores have the records of containers in two files.
    const [file, volatile] = ["containers.json", "volatile-containers.json"].map((name) =>
      join(node.world.root, "overlay-containers", name),
    ) as [string, string];
    const text = readFileSync(file, "utf8");
    const records = JSON.parse(text) as { id: string }[];
    try {
      writeFileSync(file, JSON.stringify(records.filter(({ id }) => id !== ended.id)));
      writeFileSync(volatile, JSON.stringify(records.filter(({ id }) => id === ended.id)));
      const [moved] = await examinedBy(server, ["storage.mount-held-elsewhere"]);
      expect(moved?.evidence.slice(2)).toEqual([
        { file: volatile, says: "has its container, which does not run" },
      ]);
    } finally {
      writeFileSync(file, text);
      rmSync(volatile);
    }
    execFileSync("sh", ["-c", found?.mend.commands.at(-1) ?? ""]);
    expect(await examinedBy(server, ["storage"])).toEqual([]);
  } finally {
    holder.kill("SIGKILL");
    await gone;
    if (isNew) rmdirSync(place);
  }
  await node.ok("rm", "held");
});

// vfork(2) leaves who calls it in the state D until its child has ended; other processors have it by other numbers.
(process.arch === "x64" ? test : test.skip)("a process of a container that hangs in the kernel", async () => {
  const hanging = spawn("perl", ["-e", "<STDIN>; if (syscall(58) == 0) { syscall(34) while 1 }"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = new Promise((resolve) => hanging.once("exit", resolve));
  const process_ = hanging.pid ?? 0;
  let child = 0;
  try {
    for (const directory of cgroupDirectories(node.world.cgroupParent)) {
      if (basename(directory) === `crio-${web.id}`)
        writeFileSync(join(directory, "cgroup.procs"), String(process_));
    }
    hanging.stdin.end("\n");
    await until("it hangs", () => readProcessStat(process_)?.state === "D");
    child = Number(readFileSync(`/proc/${process_}/task/${process_}/children`, "utf8").trim());
    const findings = await found("--looks", "proc.dstate");
    expect(ids(findings)).toEqual(["proc.dstate"]);
    expect(findings[0]).toMatchObject({
      severity: "breaks-now",
      object: { kind: "container", id: web.id, pid: process_, pod: "shop" },
      mend: { class: "N" },
    });
    expect(findings[0]?.evidence[0]?.says).toBe(`perl (${process_}) is in D: it hangs in the kernel`);
  } finally {
    hanging.kill("SIGKILL");
    if (child > 1) process.kill(child, "SIGKILL");
    await ended;
  }
});
