import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import type { CgroupStats } from "../../src/lib/cgroups/counters";
import { cgroupMounts } from "../../src/lib/cgroups/mounts";
import { parseProcessCgroups } from "../../src/lib/cgroups/process-cgroups";
import { readCgroupStats } from "../../src/lib/cgroups/stats";
import { loadConfig } from "../../src/lib/config";
import { ContainerServer } from "../../src/lib/container-server";
import { readNetworkInterfaces } from "../../src/lib/system/net-dev";
import { failureOf } from "../helpers/failure";
import { KPOD } from "../helpers/kpod";
import { enterScreen, leaveScreen, pictures } from "../helpers/pictures";
import { startInPty, type PtyProcess } from "../helpers/pty";
import { runProcess, succeeded } from "../helpers/process";
import { writeTree } from "../helpers/testdir";
import { until } from "../helpers/until";
import { createWorld, type RuntimeName, type World } from "../helpers/world";

interface Row {
  readonly container: string;
  readonly name: string;
  readonly cpu: number | null;
  readonly mem_usage: number | null;
  readonly mem_limit: number | null;
  readonly mem_percent: number | null;
  readonly net_input: number | null;
  readonly net_output: number | null;
  readonly block_input: number | null;
  readonly block_output: number | null;
  readonly pids: number | null;
}

async function kpod(world: World, ...args: string[]): Promise<string> {
  return succeeded(await world.kpod(args), `kpod ${args.join(" ")}`).stdout;
}

/** Replaces a file in one step, as the store's writers do. */
function replaceFile(path: string, data: string | Buffer): void {
  const next = `${path}.next`;
  writeFileSync(next, data);
  renameSync(next, path);
}

/** Starts a container in a pod and gives its id. */
async function start(world: World, pod: string, name: string, script: string): Promise<string> {
  const args = ["run", "--detach", "--pod", pod, "--name", name, "busybox", "sh", "-c", script];
  return (await kpod(world, ...args)).trim();
}

async function jsonRows(world: World, ...args: string[]): Promise<Row[]> {
  return JSON.parse(await kpod(world, "stats", "--no-stream", "--json", ...args)) as Row[];
}

function pidOf(world: World, id: string): number {
  return Number(readFileSync(join(world.runRoot, "overlay-containers", id, "userdata/pidfile"), "utf8"));
}

/** What the kernel counts for a container now. */
function counted(world: World, id: string): CgroupStats {
  const text = readFileSync(`/proc/${pidOf(world, id)}/cgroup`, "utf8");
  return readCgroupStats(parseProcessCgroups(text, id, cgroupMounts()));
}

/** Bytes that came in and went out through the devices of a container's pod. */
function traffic(world: World, id: string): { input: number; output: number } {
  const devices = (readNetworkInterfaces(pidOf(world, id)) ?? []).filter(({ name }) => name !== "lo");
  return {
    input: devices.reduce((sum, { rxBytes }) => sum + rxBytes, 0),
    output: devices.reduce((sum, { txBytes }) => sum + txBytes, 0),
  };
}

async function makeWorld(runtime: RuntimeName): Promise<World> {
  const world = await createWorld({ runtime, settings: { "crio.runtime": { pids_limit: 1024 } } });
  await world.loadImages();
  await kpod(world, "pod", "run", "--name", "web", "--cgroup-parent", world.cgroupParent);
  return world;
}

describe.each<RuntimeName>(["runc", "crun"])("stats under %s", (runtime) => {
  let world: World;
  let busy: string;
  let idle: string;
  let host: string;

  beforeAll(async () => {
    world = await makeWorld(runtime);
    const onHost = ["--network", "host", "--cgroup-parent", world.cgroupParent];
    await kpod(world, "pod", "run", "--name", "onhost", ...onHost);
    // It works and rests in turn, by what the shell has built in, so that it stays one process.
    const work = "i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done";
    const rest = "read -t 0.05 x <&3";
    busy = await start(world, "web", "busy", `mkfifo /p; exec 3<>/p; while :; do ${work}; ${rest}; done`);
    // 8 MB of its own, and 20 MB of a file that the kernel keeps in its cache.
    const fill =
      "x=$(head -c 8000000 /dev/zero | tr '\\0' x); head -c 20000000 /dev/zero > /f; cat /f > /dev/null";
    idle = await start(world, "web", "idle", `${fill}; echo filled; sleep 1000; :`);
    host = await start(world, "onhost", "host", "sleep 1000 & sleep 1000 & exec sleep 1000");
    await start(world, "onhost", "gone", "exit 3");
    await until("one has ended", async () => !(await kpod(world, "ps")).includes("k8s_gone_"));
    await until("the container is full", () => (counted(world, idle).memory?.usage ?? 0) > 20_000_000);
  });

  afterAll(() => world.destroy());

  test("shows those that run, newest first, in docker's words", async () => {
    const lines = (await kpod(world, "stats", "--no-stream")).split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(
      /^CONTAINER {7}NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/,
    );
    const size = String.raw`[\d.]+(?:B|kB|MB|GB|TB)`;
    for (const [index, id] of [host, idle, busy].entries()) {
      const net = id === host ? "--" : `${size} / ${size}`;
      expect(lines[index + 1]).toMatch(
        new RegExp(
          `^${id.slice(0, 13)} {3}k8s_\\S+ +\\d+\\.\\d\\d% +${size} / ${size} +\\d+\\.\\d\\d% +${net} +` +
            `${size} / ${size} +\\d+$`,
        ),
      );
    }
  });

  test("CPU % is what the kernel counts in that time", async () => {
    const seconds = 1;
    const before = counted(world, busy).cpu?.usage ?? NaN;
    const rows = await jsonRows(world, "--interval", String(seconds));
    const after = counted(world, busy).cpu?.usage ?? NaN;
    const shown = rows.find(({ container }) => container === busy)?.cpu ?? NaN;
    // The two looks lie within this span, and are at least the interval apart.
    expect(shown).toBeGreaterThan(0);
    expect(shown).toBeLessThanOrEqual(((after - before) / (seconds * 1e9)) * 100);
    expect(rows.find(({ container }) => container === idle)?.cpu).toBeLessThan(shown);
  });

  test("memory is without the cache of files, and without a limit that of the machine", async () => {
    const [row] = await jsonRows(world, "idle");
    const memory = counted(world, idle).memory;
    expect(memory?.inactiveFile).toBeGreaterThan(8_000_000);
    expect(row?.mem_usage).toBeGreaterThan(8_000_000);
    expect(row?.mem_usage).toBeLessThan((memory?.usage ?? 0) - 8_000_000);
    const total = /^MemTotal: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
    expect(row?.mem_limit).toBe(Number(total) * 1024);
    expect(row?.mem_percent).toBeCloseTo(((row?.mem_usage ?? 0) / (row?.mem_limit ?? 1)) * 100, 9);
  });

  test("a limit is the one of the container's cgroup", async () => {
    const limit = 256 * 1024 * 1024;
    const text = readFileSync(`/proc/${pidOf(world, idle)}/cgroup`, "utf8");
    const { v1, v2 = "" } = parseProcessCgroups(text, idle, cgroupMounts());
    const [file, none] = v1.has("memory")
      ? [join(v1.get("memory") ?? "", "memory.limit_in_bytes"), "-1"]
      : [join(v2, "memory.max"), "max"];
    writeFileSync(file, String(limit));
    const [row] = await jsonRows(world, "idle");
    writeFileSync(file, none);
    expect(row?.mem_limit).toBe(limit);
    expect(row?.mem_percent).toBeCloseTo(((row?.mem_usage ?? 0) / limit) * 100, 9);
  });

  test("JSON has these keys, and null for the host's network", async () => {
    const rows = await jsonRows(world);
    expect(rows.map(({ container }) => container)).toEqual([host, idle, busy]);
    for (const row of rows) {
      expect(Object.keys(row).join(" ")).toBe(
        "container name cpu mem_usage mem_limit mem_percent net_input net_output block_input block_output pids " +
          "oom_kills cpu_pressure mem_pressure io_pressure",
      );
    }
    expect(rows[0]).toMatchObject({ net_input: null, net_output: null, pids: 3 });
    expect(rows[1]).toMatchObject({ block_input: expect.any(Number) as number, pids: 2 });
    expect(rows[0]?.name).toMatch(/^k8s_host_onhost_default_/);
  });

  test("the network is the pod's, in the row of each container and once in the pod's", async () => {
    // Two ends of one cable, both in the pod: what one sends, the other receives.
    const inPod = ["--target", String(pidOf(world, idle)), "--net", "busybox"];
    execFileSync("nsenter", [...inPod, "ip", "link", "add", "kpodtest0", "type", "veth"]);
    for (const device of ["kpodtest0", "veth0"])
      execFileSync("nsenter", [...inPod, "ip", "link", "set", device, "up"]);
    execFileSync("nsenter", [...inPod, "ip", "addr", "add", "10.99.77.1/24", "dev", "kpodtest0"]);
    await until("something was sent", () => {
      execFileSync("nsenter", [...inPod, "sh", "-c", "busybox ping -c 1 -W 1 10.99.77.9 || true"]);
      return traffic(world, idle).output > 0;
    });
    const before = traffic(world, idle);
    const rows = (await jsonRows(world, "busy", "idle")).concat(await jsonRows(world, "--pod", "web"));
    const after = traffic(world, idle);
    expect(rows).toHaveLength(3);
    for (const { net_input, net_output } of rows) {
      expect(net_input).toBeGreaterThanOrEqual(before.input);
      expect(net_input).toBeLessThanOrEqual(after.input);
      expect(net_output).toBeGreaterThanOrEqual(before.output);
      expect(net_output).toBeLessThanOrEqual(after.output);
    }
  });

  test("--pod adds up a pod's containers", async () => {
    const lines = (await kpod(world, "stats", "--no-stream", "--pod")).trimEnd().split("\n");
    expect(lines.map((line) => line.split(/ {3,}/).slice(1, 3).join(" "))).toEqual([
      "NAME K8S NAMESPACE",
      "onhost default",
      "web default",
    ]);
    expect(lines[1]).toMatch(/ +-- +\S+ \/ \S+ +3$/);
    expect(lines[2]).toMatch(/ +3$/);
  });

  test("the library gives raw numbers, and stats between two looks", async () => {
    const server = new ContainerServer(loadConfig({ configFile: world.config }));
    await server.update();
    const container = server.lookupContainer("busy");
    const before = counted(world, busy);
    const raw = await server.libcontainerStats(container);
    const after = counted(world, busy);
    expect(raw.cpu?.usage).toBeGreaterThanOrEqual(before.cpu?.usage ?? NaN);
    expect(raw.cpu?.usage).toBeLessThanOrEqual(after.cpu?.usage ?? NaN);
    expect((raw.cpu?.user ?? NaN) + (raw.cpu?.system ?? NaN)).toBeGreaterThan(0);
    expect(raw.memory?.maxUsage).toBeGreaterThanOrEqual(raw.memory?.usage ?? NaN);
    expect(Object.keys(raw.memory?.stat ?? {})).toContain("inactive_file");
    expect(raw.pids).toEqual({ current: 1, limit: 1024 });
    expect(raw.interfaces?.map(({ name }) => name)).toContain("lo");

    const first = await server.getContainerStats(container);
    const worked = first.mark?.nanoseconds ?? NaN;
    await until("it has worked", () => (counted(world, busy).cpu?.usage ?? 0) > worked + 50_000_000);
    const second = await server.getContainerStats(container, first);
    const elapsed = (second.mark?.at ?? NaN) - (first.mark?.at ?? NaN);
    expect(second).toMatchObject({ container: busy, pids: 1 });
    expect(second.cpu).toBeCloseTo((((second.mark?.nanoseconds ?? NaN) - worked) / 1e6 / elapsed) * 100, 6);
    expect((await failureOf(server.getContainerStats(server.lookupContainer("gone")))).code).toBe(
      "BAD_STATE",
    );
  });

  test("a paused container shows what it holds", async () => {
    await kpod(world, "pause", "idle");
    const [row] = await jsonRows(world, "idle");
    await kpod(world, "unpause", "idle");
    expect(row).toMatchObject({ container: idle, cpu: 0, pids: 2 });
    expect(row?.mem_usage).toBeGreaterThan(8_000_000);
  });
});

describe("kpod stats", () => {
  const runc = findProgram("runc") ?? "runc";
  let world: World;
  let shown: string;
  let host: string;
  let ended: string;

  beforeAll(async () => {
    world = await makeWorld("runc");
    const onHost = ["--network", "host", "--cgroup-parent", world.cgroupParent];
    await kpod(world, "pod", "run", "--name", "onhost", ...onHost);
    shown = await start(world, "web", "shown", "exec sleep 1000");
    host = await start(world, "onhost", "host", "sleep 1000 & sleep 1000 & exec sleep 1000");
    ended = await start(world, "web", "ended", "exit 3");
    await until(
      "it has ended",
      async () => !(await kpod(world, "ps", "--quiet", "--no-trunc")).includes(ended),
    );
    // Every call of the runtime is persisted, so that they can be counted.
    useRunc(`echo "$*" >> ${join(world.scratch, "calls")}; exec ${runc} "$@"`);
    const config = readFileSync(world.config, "utf8");
    writeFileSync(world.config, config.replaceAll(`"${runc}"`, `"${join(world.directory, "bin/runc")}"`));
  });

  afterAll(() => world.destroy());

  /** Puts a script in the place of runc. */
  function useRunc(script: string): void {
    writeTree(world.directory, { "bin/runc": { content: `#!/bin/sh\n${script}\n`, mode: 0o755 } });
  }

  function calls(): string[] {
    const path = join(world.scratch, "calls");
    return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
  }

  test("--all adds those that do not run, with zeros", async () => {
    const rows = await jsonRows(world, "--all");
    expect(rows.map(({ container }) => container)).toEqual([ended, host, shown]);
    const { container, name, ...values } = rows[0] ?? { container: "", name: "" };
    expect(container).toBe(ended);
    expect(name).toContain("ended");
    expect(Object.values(values)).toEqual([
      ...Array.from({ length: 9 }, () => 0),
      ...Array.from({ length: 4 }, () => null),
    ]);
  });

  test("what is named and is not there or does not run is an error, and the others are shown", async () => {
    const { stdout, stderr, exitCode } = await world.kpod([
      "stats",
      "--no-stream",
      "nope",
      "ended",
      "shown",
      "web",
    ]);
    expect(exitCode).toBe(1);
    expect(stdout.split("\n")).toHaveLength(3);
    expect(stdout).toContain(shown.slice(0, 13));
    expect(stderr).toBe(
      "Error: container with ID starting with nope not found: ID does not exist\n" +
        `Error: cannot read the stats of container ${ended}: it is not running: --all shows it with zeros\n` +
        "Error: cannot read the stats of container web: it is a pod: use kpod stats --pod\n",
    );
    const none = await world.kpod(["stats", "nope"]);
    expect(none).toMatchObject({ exitCode: 1, stdout: "" });
    expect((await jsonRows(world, "--all", "ended")).map(({ pids }) => pids)).toEqual([0]);
  });

  test("sorts, shows ids in full, and fills templates", async () => {
    const byPids = await kpod(
      world,
      "stats",
      "--no-stream",
      "--sort",
      "pids",
      "--format",
      "{{.PIDs}} {{.Name}}",
    );
    expect(byPids.split("\n")[0]).toMatch(/^3 k8s_host_onhost_default_/);
    const byId = await kpod(
      world,
      "stats",
      "--no-stream",
      "--sort",
      "container",
      "--no-trunc",
      "--format",
      "{{.ID}}",
    );
    expect(byId.split("\n")[0]).toBe([host, shown].sort()[0]);
    const fields = "{{.Container}}|{{.CPUPerc}}|{{.MemUsage}}|{{.MemPerc}}|{{.NetIO}}|{{.BlockIO}}";
    expect(await kpod(world, "stats", "--no-stream", "--format", fields, "host")).toMatch(
      new RegExp(`^${host.slice(0, 13)}\\|0\\.00%\\|\\S+ / \\S+\\|\\d+\\.\\d\\d%\\|--\\|\\S+ / \\S+\n$`),
    );
  });

  test("streams a line of JSON for each look, and ends with what was named", async () => {
    const job = await start(world, "web", "job", "exec sleep 1000");
    const child = world.startKpod(["stats", "--json", "--interval", "0.1", "job"]);
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const code = new Promise((resolve) => child.on("close", resolve));
    await until("three looks", () => text.split("\n").length > 3);
    await kpod(world, "kill", "job");
    expect(await code).toBe(0);
    const looks = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Row[]);
    expect(looks[0]?.map(({ container }) => container)).toEqual([job]);
    // One that ends while others are looked at drops out; here it was alone.
    for (const look of looks) expect(look.length).toBeLessThanOrEqual(1);
    await kpod(world, "rm", "job");
  });

  test("streams one table after the other into a pipe, without escapes, and sees who comes and goes", async () => {
    const child = world.startKpod(["stats", "--interval", "0.1"]);
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const closed = new Promise<[number | null, string | null]>((resolve) =>
      child.on("close", (code, signal) => {
        resolve([code, signal]);
      }),
    );
    const looks = (): string[] => text.split(/^CONTAINER /m).slice(1);
    await until("two looks", () => looks().length > 2);
    const guest = (await start(world, "web", "guest", "exec sleep 1000")).slice(0, 13);
    await until("the guest is seen", () => looks().at(-1)?.includes(guest) ?? false);
    await kpod(world, "kill", "guest");
    const seen = looks().length;
    await until(
      "the guest is gone",
      () => looks().length > seen + 1 && !(looks().at(-2) ?? guest).includes(guest),
    );
    child.kill("SIGTERM");
    expect(await closed).toEqual([143, null]);
    expect(text).not.toContain("\x1b");
    await kpod(world, "rm", "guest");
  });

  test("no runtime is asked, and nothing on the disk changes", async () => {
    const before = calls().length;
    const files = (): string =>
      execFileSync("find", [world.root, world.runRoot, "-printf", "%p %T@ %s\n"]).toString();
    const disk = files();
    expect(await jsonRows(world)).toHaveLength(2);
    expect(calls().slice(before)).toEqual([]);
    expect(files()).toBe(disk);
  });

  test("a store that is not there has nothing to show, and is not made", async () => {
    const root = join(world.scratch, "no-store");
    expect(await kpod(world, "--root", root, "stats", "--no-stream", "--json")).toBe("[]\n");
    expect(await kpod(world, "--root", root, "stats", "--no-stream")).toMatch(/^CONTAINER {3}NAME .*PIDS\n$/);
    expect(existsSync(root)).toBe(false);
  });

  async function live(...args: string[]): Promise<PtyProcess> {
    const words = ["--config", world.config, "stats", "--interval", "0.1", ...args, "shown"];
    const pty = await startInPty(KPOD, words, { columns: 100, rows: 10, env: { NO_COLOR: "1" } });
    await until("three pictures", () => pictures(pty.output()).length >= 3);
    return pty;
  }

  /** What stands on the terminal afterwards. */
  function afterwards(output: string): string {
    const [, rest, ...more] = output.split(leaveScreen);
    expect(more).toEqual([]);
    return (rest ?? "").replaceAll("\r\n", "\n");
  }

  const table = (columns: number): RegExp =>
    new RegExp(`^CONTAINER {7}NAME .{0,${columns}}\n${shown.slice(0, 13)} {3}k8s_.{0,${columns}}\n$`);

  test("draws in place and without a cursor until Ctrl-C, which leaves the last table", async () => {
    const pty = await live();
    pty.type("\x03");
    expect(await pty.ended).toBe(130);
    const output = pty.output();
    expect(output.startsWith(enterScreen)).toBe(true);
    for (const lines of pictures(output)) {
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatch(/^CONTAINER {7}NAME +CPU % .* PIDS$/);
      expect(lines[1]).toMatch(
        new RegExp(`^${shown.slice(0, 13)} {3}k8s_shown_.*\\.\\.\\. +\\d+\\.\\d\\d% .* 1$`),
      );
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    }
    // Nothing is erased before it is drawn anew.
    expect(output).not.toContain("\x1b[2J");
    expect(afterwards(output)).toMatch(table(100));
  });

  test("takes the size that the terminal has", async () => {
    const pty = await live();
    pty.resize(40, 3);
    const lastOf = (): string[] => pictures(pty.output()).at(-1) ?? [];
    await until("a narrow picture", () => (lastOf()[0]?.length ?? 0) <= 40);
    expect(lastOf()[0]).toMatch(/^CONTAINER {7}NAME +C/);
    pty.resize(200, 10);
    await until("a wide picture", () => lastOf()[1]?.includes("k8s_shown_web_default_") ?? false);
    expect(lastOf()[1]).not.toContain("...");
    pty.type("\x03");
    expect(await pty.ended).toBe(130);
  });

  test("SIGTERM restores the terminal", async () => {
    const pty = await live();
    process.kill(pty.pid, "SIGTERM");
    expect(await pty.ended).toBe(143);
    expect(afterwards(pty.output())).toMatch(table(100));
  });

  test("Ctrl-Z gives the terminal back, and going on takes it again", async () => {
    const pty = await live();
    process.kill(pty.pid, "SIGTSTP");
    const state = (): string => / ([A-Z]) /.exec(readFileSync(`/proc/${pty.pid}/stat`, "utf8"))?.[1] ?? "";
    await until("it is stopped", () => state() === "T");
    // What it wrote before it stopped may still be on its way through the terminal.
    await until("the terminal is given back", () => pty.output().split(leaveScreen).length === 2);
    process.kill(pty.pid, "SIGCONT");
    await until("it draws again", () => {
      const again = pty.output().split(leaveScreen)[1] ?? "";
      return again.includes(enterScreen) && pictures(again).length > 1;
    });
    pty.type("\x03");
    expect(await pty.ended).toBe(130);
    expect(pty.output().split(leaveScreen)).toHaveLength(3);
  });

  test("a template is drawn in place, too; JSON and a dumb terminal are not", async () => {
    const pty = await live("--format", "{{.ID}} has {{.PIDs}}");
    pty.type("\x03");
    await pty.ended;
    expect(pictures(pty.output()).at(-1)).toEqual([`${shown.slice(0, 13)} has 1`]);
    for (const [args, env] of [
      [["--json"], {}],
      [[], { TERM: "dumb" }],
    ] as const) {
      const plain = await startInPty(
        KPOD,
        ["--config", world.config, "stats", "--interval", "0.1", ...args],
        { env },
      );
      await until("two looks", () => plain.output().split(shown.slice(0, 13)).length > 2);
      plain.type("\x03");
      expect(await plain.ended).toBe(130);
      expect(plain.output()).not.toContain("\x1b");
    }
  });

  test("an error restores the terminal, and is told after it", async () => {
    const path = join(world.root, "overlay-containers/containers.json");
    const volatile = join(world.root, "overlay-containers/volatile-containers.json");
    const records = existsSync(volatile) ? volatile : path;
    const good = readFileSync(records);
    const pty = await live();
    try {
      // Never cut off first: a look at the empty file would find a store without containers.
      replaceFile(records, '[{"id":');
      expect(await pty.ended).toBe(1);
    } finally {
      replaceFile(records, good);
    }
    expect(afterwards(pty.output())).toMatch(/\nError: .*containers\.json.*\n$/);
  });

  test("a cgroup that the container has no more takes that cell away", async () => {
    const { v1 } = parseProcessCgroups(
      readFileSync(`/proc/${pidOf(world, shown)}/cgroup`, "utf8"),
      shown,
      cgroupMounts(),
    );
    const pids = v1.get("pids");
    if (pids === undefined) {
      // Version 2: the controller is taken from the containers of the pod.
      writeFileSync(`/sys/fs/cgroup${world.cgroupParent}/cgroup.subtree_control`, "-pids");
    } else {
      const elsewhere = join(pids, "../elsewhere");
      mkdirSync(elsewhere);
      writeFileSync(join(elsewhere, "cgroup.procs"), String(pidOf(world, shown)));
      rmdirSync(pids);
    }
    const [row] = await jsonRows(world, "shown");
    expect(row).toMatchObject({ container: shown, pids: null });
    expect(row?.mem_usage).toBeGreaterThan(0);
    expect(await kpod(world, "stats", "--no-stream", "shown")).toMatch(/ 0B \/ 0B +\S+ \/ \S+ +--\n$/);
  });

  test("metrics for Prometheus are the kubelet's, once and without a look again", async () => {
    const text = await kpod(world, "stats", "--format", "prom");
    const labels = `name="${shown}",container="shown",pod="web",namespace="default"`;
    expect(text).toContain("# TYPE container_cpu_usage_seconds_total counter\n");
    expect(text).toMatch(new RegExp(`^container_cpu_usage_seconds_total{${labels}} [0-9.e-]+$`, "m"));
    expect(text).toContain(`container_memory_working_set_bytes{${labels}} `);
    const traffic = text.match(/^container_network_receive_bytes_total{.*$/gm) ?? [];
    expect(traffic.filter((line) => line.includes('pod="web"'))).toHaveLength(1);
    const promtool = findProgram("promtool");
    if (promtool !== undefined) {
      const checked = await runProcess(promtool, ["check", "metrics"], { input: text });
      // It has an opinion on names, which are cAdvisor's.
      expect(checked.stderr).not.toMatch(/error|invalid/);
    }
  });

  test("a runtime that cannot be asked leaves the containers whose processes are known", async () => {
    useRunc("echo broken >&2; exit 1");
    const rows = await jsonRows(world, "host");
    // The world is taken down by it.
    useRunc(`exec ${runc} "$@"`);
    expect(rows.map(({ container, pids }) => [container, pids])).toEqual([[host, 3]]);
  });
});
