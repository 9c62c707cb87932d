import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { readMounts } from "../../src/lib/system/mount";
import { isAlive, readProcessStat } from "../../src/lib/system/process";
import { conmonOf, pidOf, tracesOf, useNode, usePod } from "../helpers/node";
import { finish } from "../helpers/process";
import { until } from "../helpers/until";

// What `rm -f` does where a process is not what it seems, or does not end.
const node = useNode();
const pod = usePod(node, "shop");
const children: ChildProcess[] = [];
const cgroups: string[] = [];

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await until("they have ended", () => children.every(({ pid = 0 }) => !isAlive({ pid })));
  for (const path of cgroups.reverse()) if (existsSync(path)) rmdirSync(path);
  await node.world.destroy();
}, 120_000);

const freezer = readMounts().find(
  ({ type, superOptions }) => type === "cgroup" && superOptions.includes("freezer"),
);
const unified = readMounts().find(({ type }) => type === "cgroup2");

/** Puts a process into a new cgroup of the freezer, or of version 2, and freezes it. @returns thaws it */
async function freeze(name: string, pid: number): Promise<{ directory: string; thaw: () => void }> {
  const mount = freezer ?? unified;
  const directory = join(mount?.target ?? "", node.world.cgroupParent, name);
  mkdirSync(directory, { recursive: true });
  cgroups.push(directory);
  writeFileSync(join(directory, "cgroup.procs"), String(pid));
  const [file, on, off] =
    freezer === undefined ? ["cgroup.freeze", "1", "0"] : ["freezer.state", "FROZEN", "THAWED"];
  writeFileSync(join(directory, file), on);
  await until("it is frozen", () => readFileSync(join(directory, file), "utf8").trim() === on);
  return {
    directory,
    thaw: () => {
      writeFileSync(join(directory, file), off);
    },
  };
}

async function expectGone(container: Container): Promise<void> {
  expect(tracesOf(node.world, container)).toEqual([]);
  await node.agree();
}

test("a process that has the id among its words, and its pid in conmon's pid file, is not killed", async () => {
  const container = await node.start(pod, "other", "exec sleep 1000");
  const conmon = conmonOf(container);
  const bystander = spawn("sh", ["-c", "read x", "watch", container.id, "-c", container.id]);
  children.push(bystander);
  const { pid = 0 } = bystander;
  writeFileSync(join(container.bundlePath, "conmon-pidfile"), String(pid));
  await node.ok("rm", "-f", "other");
  expect(isAlive({ pid })).toBe(true);
  // The conmon itself was found all the same.
  expect(isAlive({ pid: conmon })).toBe(false);
  const own = (trace: string): boolean => trace !== `process ${pid}`;
  expect(tracesOf(node.world, container).filter(own)).toEqual([]);
});

test("conmon that is stopped is woken, and one that is frozen in a cgroup of its own thawed", async () => {
  const stopped = await node.start(pod, "stopped", "exec sleep 1000");
  process.kill(conmonOf(stopped), "SIGSTOP");
  await until("it is stopped", () => readProcessStat(conmonOf(stopped))?.state === "T");
  await node.ok("rm", "-f", "stopped");
  await expectGone(stopped);
  const frozen = await node.start(pod, "frozen", "exec sleep 1000");
  await freeze(`crio-conmon-${frozen.id}`, conmonOf(frozen));
  await node.ok("rm", "-f", "frozen");
  await expectGone(frozen);
});

describe("what waits for processes that do not end", () => {
  type Stuck = Awaited<ReturnType<typeof freeze>> & { readonly container: Container; readonly pid: number };
  let held: Stuck;
  let crowded: Stuck & { readonly place: string };
  let lines: Promise<string[]>;

  // Each waits its time; both at once, so that it passes once.
  beforeAll(async () => {
    const first = await node.start(pod, "held", "exec sleep 1000");
    held = { container: first, pid: conmonOf(first), ...(await freeze("others", conmonOf(first))) };
    const container = await node.start(pod, "crowded", "exec sleep 1000");
    const stray = spawn("sleep", ["1000"], { stdio: "ignore" });
    children.push(stray);
    const { pid = 0 } = stray;
    // In the container's cgroup of one hierarchy, frozen by a cgroup of somebody else's in another.
    const memory = readMounts().find(
      ({ type, superOptions }) => type === "cgroup" && superOptions.includes("memory"),
    );
    const place = join((memory ?? unified)?.target ?? "", node.world.cgroupParent, `crio-${container.id}`);
    crowded = { container, pid, place, ...(await freeze("elsewhere", pid)) };
    writeFileSync(join(place, "cgroup.procs"), String(pid));
    lines = Promise.all(["held", "crowded"].map((name) => node.refusal("rm", "-f", name)));
    lines.catch(() => {});
  }, 120_000);

  test("conmon that does not end is named, nothing of the store is touched, and the next rm -f ends it", async () => {
    const { container, pid, directory, thaw } = held;
    const [line] = await lines;
    expect(line).toContain(`conmon of container ${container.name} does not end: conmon (pid ${pid}, state `);
    expect(line).toContain(`frozen by ${directory}): thaw ${directory} and try again`);
    expect(tracesOf(node.world, container)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/containers\.json$/),
        join(node.world.root, "overlay", container.layerId),
      ]),
    );
    thaw();
    await node.ok("rm", "-f", "held");
    await expectGone(container);
  });

  test("processes that do not leave a cgroup stop the removal, which names them", async () => {
    const { container, pid, place, directory, thaw } = crowded;
    const [, line] = await lines;
    expect(line).toContain(
      `processes of container ${container.name} do not leave ${place}: sleep (pid ${pid}, state `,
    );
    expect(line).toContain(`frozen by ${directory}`);
    expect(existsSync(join(node.world.root, "overlay", container.layerId))).toBe(true);
    expect(await node.ok("ps", "-a", "--format", "{{.Names}}")).toContain("k8s_crowded_");
    thaw();
    await node.ok("rm", "-f", "crowded");
    await expectGone(container);
  });
});

test("Ctrl-C ends the wait for conmon", async () => {
  const container = await node.start(pod, "waiting", "exec sleep 1000");
  const { thaw } = await freeze("others", conmonOf(container));
  const child = node.world.startKpod(["rm", "-f", "waiting"]);
  const ended = finish(child, "kpod rm -f");
  await until("the container has ended", () => !isAlive({ pid: pidOf(container) }));
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ exitCode: 130, stdout: "" });
  thaw();
  await node.ok("rm", "-f", "waiting");
  await expectGone(container);
});

test("a cgroup of threads below a container is emptied and removed", async () => {
  const container = await node.start(pod, "threaded", "exec sleep 1000");
  const domain = join(unified?.target ?? "", node.world.cgroupParent, `crio-${container.id}`);
  const threads = join(domain, "threads");
  mkdirSync(threads, { recursive: true });
  writeFileSync(join(threads, "cgroup.type"), "threaded");
  // A process in the domain; one of its threads below.
  const program = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  children.push(program);
  const { pid = 0 } = program;
  writeFileSync(join(domain, "cgroup.procs"), String(pid));
  writeFileSync(join(threads, "cgroup.threads"), String(pid));
  expect(() => readFileSync(join(threads, "cgroup.procs"))).toThrow(/ENOTSUP|EOPNOTSUPP/);
  await node.ok("rm", "-f", "threaded");
  await expectGone(container);
  expect(isAlive({ pid })).toBe(false);
});

/** A family of a hundred, each of whom ends in favour of a child at once, and replaces those that are missing. */
const family = `
  my $end = time + 60;
  while (time < $end) {
    open my $procs, "<", $ARGV[0] or exit;
    my @members = <$procs>;
    fork if @members < 100;
    fork and exit;
  }
`;

test("what forks faster than it can be killed one by one is killed with its cgroup", async () => {
  const container = await node.start(pod, "forking", "exec sleep 1000");
  const directory = join(unified?.target ?? "", node.world.cgroupParent, `crio-${container.id}`);
  mkdirSync(directory, { recursive: true });
  if (!existsSync(join(directory, "cgroup.kill"))) {
    console.log("not looked at: before Linux 5.14 no cgroup can be killed");
    return;
  }
  const members = join(directory, "cgroup.procs");
  const script = 'echo $$ > "$0" && exec nice -n 19 perl -e "$1" "$0"';
  children.push(spawn("sh", ["-c", script, members, family], { stdio: "ignore" }));
  await until("the family is there", () => readFileSync(members, "utf8").trim().split("\n").length >= 100);
  await node.ok("rm", "-f", "forking");
  expect(existsSync(directory)).toBe(false);
  await expectGone(container);
});

test("rm -f does without a runtime that cannot read its own state any more", async () => {
  const container = await node.start(pod, "torn", "exec sleep 1000");
  const path = join(node.world.runtimeRoots.runc, container.id, "state.json");
  writeFileSync(path, Buffer.alloc(200));
  const { exitCode, stdout, stderr } = await node.kpod("rm", "-f", "torn");
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${container.id}\n` });
  expect(stderr).toMatch(/^(Warning: [^\n]*\n)*$/);
  await expectGone(container);
});

test("and so does pod rm -f, also for what CRI-O has not persisted", async () => {
  const second = await node.pod("torn-pod");
  const container = await node.start(second, "inside", "exec sleep 1000");
  for (const { id, dir } of [container, second.infraContainer]) {
    writeFileSync(join(node.world.runtimeRoots.runc, id, "state.json"), "{");
    const persisted = JSON.parse(readFileSync(join(dir, "state.json"), "utf8")) as Record<string, unknown>;
    delete persisted.initPid;
    delete persisted.initStartTime;
    delete persisted.containerMonitorProcess;
    writeFileSync(join(dir, "state.json"), JSON.stringify(persisted));
  }
  const pids = [container, second.infraContainer].flatMap((each) => [pidOf(each), conmonOf(each)]);
  const { exitCode } = await node.kpod("pod", "rm", "-f", "torn-pod");
  expect(exitCode).toBe(0);
  expect(pids.filter((pid) => isAlive({ pid }))).toEqual([]);
  await expectGone(container);
});
