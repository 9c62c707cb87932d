import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import { contentsOf, useNode, usePod } from "../helpers/node";
import { finish, type ProcessResult } from "../helpers/process";
import { expectToFit } from "../helpers/schemas";
import { until } from "../helpers/until";

const runc = findProgram("runc") ?? "runc";
const conmon = findProgram("conmon") ?? "conmon";

// A launch is held, and others wait for it, while a dozen kpods look at it: on a busy machine longer than a test has.
const patience = 240_000;
jest.setTimeout(patience + 60_000);

const node = useNode();
const pod = usePod(node, "shop");
let before: string[];

/** A launch that is held until it is told to go on. */
interface Held {
  readonly id: string;
  readonly done: Promise<ProcessResult>;
  readonly goOn: () => void;
}

type Moment = "conmon" | "runc" | "after runc";

/**
 * Launches something by a kpod for which conmon, or the runtime when it creates it or has created it, waits. The kpod that
 * looks at it has the world's own configuration.
 */
async function hold(moment: Moment, args: readonly string[]): Promise<Held> {
  const mark = join(node.world.scratch, `held-${Math.random().toString(36).slice(2)}`);
  const program = moment === "conmon" ? conmon : runc;
  const wait = `touch ${mark}.reached; while [ ! -e ${mark}.go ]; do sleep 0.02; done`;
  const script =
    moment === "conmon"
      ? `[ "$*" = --help ] && exec ${conmon} --help\n${wait}; exec ${conmon} "$@"`
      : `case " $* " in *" create "*) ${
          moment === "runc" ? `${wait}; exec ${runc} "$@"` : `${runc} "$@"; code=$?; ${wait}; exit $code`
        };; *) exec ${runc} "$@";; esac`;
  writeFileSync(mark, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const config = readFileSync(node.world.config, "utf8").replaceAll(`"${program}"`, `"${mark}"`);
  writeFileSync(`${mark}.conf`, config);
  const known = new Set(recordedIds());
  const done = finish(node.world.startKpod(["-c", `${mark}.conf`, ...args]), "kpod", { timeout: patience });
  let ended: ProcessResult | undefined;
  void done.then((result) => {
    ended = result;
  });
  await until(`${moment} waits`, () => {
    if (ended !== undefined) throw new Error(`kpod ended: ${ended.stderr}`);
    return existsSync(`${mark}.reached`);
  });
  const [id = ""] = recordedIds().filter((each) => !known.has(each));
  const goOn = (): void => {
    writeFileSync(`${mark}.go`, "");
  };
  helds.push(goOn);
  return { id, done, goOn };
}

/** What a test that fails leaves waiting. */
const helds: (() => void)[] = [];

afterEach(async () => {
  for (const goOn of helds.splice(0)) goOn();
  for (const name of (await node.kpod("ps", "-aq")).stdout.split("\n").filter((line) => line !== ""))
    await node.kpod("rm", "-f", name);
});

/** All that there is of the node but logs, which stay. */
function contents(): string[] {
  return contentsOf(node.world).filter((line) => !line.includes(node.world.logDir));
}

const records = (): string => join(node.world.root, "overlay-containers/containers.json");

function readRecords(): { id: string; created: string }[] {
  return JSON.parse(readFileSync(records(), "utf8")) as { id: string; created: string }[];
}

function recordedIds(): string[] {
  return readRecords().map(({ id }) => id);
}

/** Has a record say that it was made so long ago. */
function age(id: string, seconds: number): void {
  const created = new Date(Date.now() - seconds * 1000).toISOString();
  const changed = readRecords().map((record) => (record.id === id ? { ...record, created } : record));
  writeFileSync(`${records()}.new`, JSON.stringify(changed));
  renameSync(`${records()}.new`, records());
}

/** Takes from a spec what tells that kpod made it. */
function makeForeign(id: string): void {
  for (const root of [node.world.root, node.world.runRoot]) {
    const path = join(root, "overlay-containers", id, "userdata/config.json");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("kpod/created-by", "made-by"));
  }
}

const launch = ["run", "-d", "--pod", "shop", "--name", "new", "busybox", "sleep", "1000"];
const podLaunch = (): string[] => [
  "pod",
  "run",
  "--name",
  "young",
  "--cgroup-parent",
  node.world.cgroupParent,
];

const ps = async (...args: string[]): Promise<string[]> =>
  (await node.ok("ps", "-q", "--no-trunc", ...args)).split("\n").filter((line) => line !== "");

beforeEach(() => {
  before = contents();
});

describe.each<Moment>(["conmon", "runc", "after runc"])("a container that %s is at", (moment) => {
  test("is Creating, wherever a state is shown or asked for", async () => {
    const { id, done, goOn } = await hold(moment, launch);
    expect(await node.ok("ps", "-a", "--no-trunc")).toMatch(new RegExp(`${id} .* Creating +.*k8s_new_`));
    expect(await ps()).toEqual([]);
    expect(await ps("-f", "status=creating")).toEqual([id]);
    for (const status of ["exited", "stopped", "created", "unknown", "running"])
      expect(await ps("-a", "-f", `status=${status}`)).toEqual([]);
    expect(await ps("-a", "-f", "exited=255")).toEqual([]);
    expect(await ps("-a", "-f", "status!=creating")).toEqual([]);
    const json = JSON.parse(await node.ok("ps", "-a", "--format", "json")) as unknown[];
    expectToFit("ps", json);
    expect(json).toMatchObject([{ id, status: "creating", ctrRunning: false, exitCode: null }]);
    expect(await node.ok("ps", "-a", "--format", "{{.Status}} {{.State}} {{.ExitCode}}.")).toBe(
      "Creating creating .\n",
    );
    expect(JSON.parse(await node.ok("inspect", id))).toMatchObject({ State: { status: "creating" } });
    expect(JSON.parse(await node.ok("pod", "ps", "--format", "json"))).toMatchObject([
      { state: "Ready", containers: [{ id, state: "creating" }] },
    ]);
    const info = JSON.parse(await node.ok("info", "--format", "json")) as unknown;
    expectToFit("info", info);
    expect(info).toMatchObject({ store: { containers: { total: 1, creating: 1, stopped: 0, created: 0 } } });
    expect(await node.ok("info")).toMatch(
      /^ {2}containers:\n {4}created: 0\n {4}creating: 1\n {4}paused: 0\n {4}running: 0\n/m,
    );
    goOn();
    expect(await done).toMatchObject({ exitCode: 0, stdout: `${id}\n` });
    expect(await ps()).toEqual([id]);
    await node.ok("rm", "-f", id);
    expect(contents()).toEqual(before);
  });

  test("is left alone by rm, stop, kill and pause, and by pod rm", async () => {
    const { id, done, goOn } = await hold(moment, launch);
    const making = "it is still being made";
    expect(await node.refusal("rm", id)).toBe(
      `cannot remove container ${id}: ${making}: wait until it is there, or use -f if nobody is at it any more`,
    );
    expect(await node.refusal("stop", id)).toBe(
      `cannot stop container ${id}: ${making}: stop it once it runs`,
    );
    expect(await node.refusal("kill", id)).toBe(`cannot kill container ${id}: ${making}`);
    expect(await node.refusal("pause", id)).toBe(`cannot pause container ${id}: ${making}`);
    expect(await node.refusal("pod", "rm", "shop")).toContain(`container ${id} is still being made`);
    goOn();
    expect(await done).toMatchObject({ exitCode: 0, stderr: "" });
    await node.ok("rm", "-f", id);
    expect(contents()).toEqual(before);
  });

  test("is waited for", async () => {
    const { id, done, goOn } = await hold(moment, launch);
    expect(await node.refusal("wait", "--timeout", "0.3", id)).toBe(
      `container ${id} is not stopped after 0.3 s`,
    );
    const waits = [["--condition", "running"], []].map((more) =>
      finish(node.world.startKpod(["wait", ...more, id]), "kpod wait", { timeout: patience }),
    );
    goOn();
    expect(await done).toMatchObject({ exitCode: 0 });
    expect(await waits[0]).toMatchObject({ exitCode: 0, stdout: "0\n", stderr: "" });
    await node.ok("kill", id);
    expect(await waits[1]).toMatchObject({ exitCode: 0, stdout: "137\n", stderr: "" });
    await node.ok("rm", id);
    expect(contents()).toEqual(before);
  });
});

test("a wait for one that is rolled back ends", async () => {
  const { id, done, goOn } = await hold("conmon", launch);
  const waiting = finish(node.world.startKpod(["wait", "--condition", "running", id]), "kpod wait", {
    timeout: patience,
  });
  await node.ok("rm", "-f", id);
  goOn();
  expect(await done).toMatchObject({ exitCode: 125 });
  const { exitCode, stderr } = await waiting;
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/was removed before|ID does not exist/)]);
  await until("all of it is gone", () => contents().join() === before.join());
});

test("with -f the runtime that is creating it ends, too, and what it has begun to write goes", async () => {
  const { id, done } = await hold("runc", launch);
  // A runtime begins with the directory of its state.
  mkdirSync(join(node.world.runtimeRoots.runc, id));
  await node.ok("rm", "-f", id);
  expect(await done).toMatchObject({ exitCode: 125 });
  expect(existsSync(join(node.world.runtimeRoots.runc, id))).toBe(false);
  expect(contents()).toEqual(before);
});

describe("with -f one that kpod did not make", () => {
  test("stays while its conmon lives, and goes after CRI-O's own time", async () => {
    const { id, done, goOn } = await hold("runc", launch);
    makeForeign(id);
    const pid = Number(
      readFileSync(join(node.world.runRoot, "overlay-containers", id, "userdata/conmon-pidfile"), "utf8"),
    );
    expect(await node.refusal("rm", "-f", id)).toBe(
      `cannot remove container ${id}: it is still being made, its conmon (pid ${pid}) lives: wait until it is there; what is not made within 4 minutes can be removed by -f`,
    );
    expect(await node.refusal("pod", "rm", "-f", "shop")).toContain(`its conmon (pid ${pid}) lives`);
    age(id, 300);
    // Somebody is still at it.
    expect(await ps("-a", "-f", "status=creating")).toEqual([id]);
    const removed = node.ok("rm", "-f", id);
    await until("its conmon is gone", () => !existsSync(`/proc/${pid}`));
    goOn();
    expect(await removed).toBe(`${id}\n`);
    expect(await done).toMatchObject({ exitCode: 125 });
    await until("all of it is gone", () => contents().join() === before.join());
  });

  test("stays while CRI-O answers", async () => {
    const { id, done, goOn } = await hold("conmon", launch);
    makeForeign(id);
    const crio = createServer((_, response) => {
      response.end(JSON.stringify({ storage_root: node.world.root }));
    });
    await new Promise<void>((resolve) => crio.listen(node.world.socket, resolve));
    try {
      expect(await node.refusal("rm", "-f", id)).toContain("it is still being made, and CRI-O works");
    } finally {
      await new Promise((resolve) => crio.close(resolve));
    }
    expect(await node.ok("rm", "-f", id)).toBe(`${id}\n`);
    goOn();
    await done;
    await until("all of it is gone", () => contents().join() === before.join());
  });
});

describe("a pod that is being made", () => {
  test.each<Moment>(["conmon", "runc"])("is Creating while %s is at it", async (moment) => {
    const { id, done, goOn } = await hold(moment, podLaunch());
    expect(await node.ok("pod", "ps", "--no-trunc")).toMatch(new RegExp(`${id} +young .* Creating `));
    for (const [state, ids] of [
      ["creating", `${id}\n`],
      ["ready", `${pod.id}\n`],
      ["notready", ""],
    ] as const)
      expect(await node.ok("pod", "ps", "-q", "--no-trunc", "-f", `state=${state}`)).toBe(ids);
    const pods = JSON.parse(await node.ok("pod", "ps", "-f", "name=young", "--format", "json")) as unknown[];
    expectToFit("pod-ps", pods);
    expect(pods).toMatchObject([{ id, state: "Creating" }]);
    const shown = JSON.parse(await node.ok("pod", "inspect", "young")) as unknown;
    expect(shown).toMatchObject({ ID: id, State: "Creating" });
    expect(await node.refusal("pod", "rm", "young")).toBe(
      "cannot remove pod young: it is still being made: wait until it is there, or use -f if nobody is at it any more",
    );
    expect(await node.refusal("run", "-d", "--pod", "young", "busybox", "true")).toBe(
      "pod young is still being made: try again once it is ready",
    );
    goOn();
    expect(await done).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await node.ok("pod", "ps", "-q", "--no-trunc", "-f", "state=ready", "-f", "name=young")).toBe(
      `${id}\n`,
    );
    await node.ok("pod", "rm", "-f", "young");
    expect(contents()).toEqual(before);
  });

  test("is stopped while it is being made: the launch rolls itself back", async () => {
    const { done, goOn } = await hold("conmon", podLaunch());
    await node.ok("pod", "stop", "young");
    goOn();
    await done;
    const left = await node.ok("pod", "ps", "-q", "-f", "name=young");
    if (left !== "") await node.ok("pod", "rm", "-f", "young");
    await until("all of it is gone", () => contents().join() === before.join());
  });
});

test("what was left by half long ago is Unknown, and goes with -f", async () => {
  const { id, done } = await hold("conmon", launch);
  const kpod = readdirSync("/proc").find((name) => {
    try {
      return (
        /^\d+$/.test(name) &&
        readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`${node.world.scratch}/held-`) &&
        readFileSync(`/proc/${name}/cmdline`, "utf8").includes("--name\0new")
      );
    } catch {
      return false;
    }
  });
  expect(kpod).toBeDefined();
  process.kill(Number(kpod), "SIGKILL");
  await done;
  age(id, 300);
  expect(await node.ok("ps", "-a", "--no-trunc")).toMatch(new RegExp(`${id} .* Unknown +`));
  expect(await ps("-a", "-f", "status=exited")).toEqual([]);
  expect(await ps("-a", "-f", "status=unknown")).toEqual([id]);
  expect(await node.refusal("rm", id)).toContain("its state is unknown");
  expect(await node.refusal("wait", id)).toBe(`container ${id} was never made to the end: rm -f removes it`);
  await node.ok("rm", "-f", id);
  rmSync(join(node.world.logDir, pod.id), { recursive: true, force: true });
});
