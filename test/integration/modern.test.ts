import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../../src/lib/system/process";
import { listing } from "../helpers/listing";
import {
  removeInfraProcess,
  layersAtOdds,
  makeRecordsVolatile,
  pidOf,
  rawRecords,
  unknownField,
  userdata,
} from "../helpers/modern-world";
import { runProcess, succeeded } from "../helpers/process";
import { until } from "../helpers/until";
import { createWorld, type World } from "../helpers/world";

const volatileRecords = "overlay-containers/volatile-containers.json";

/** What `kpod ps --format json` says of a container. */
interface Row {
  readonly id: string;
  readonly names: string;
  readonly status: string;
  readonly exitCode: number;
  readonly podId: string;
}

/** As a node of today keeps it: volatile records, a pod without a process, the named runtime. */
describe.each(["crun", "runc"] as const)("a node of today under %s", (runtime) => {
  let world: World;
  let pod: string;
  const ids: Record<string, string> = {};

  const kpod = async (...args: string[]): Promise<string> =>
    succeeded(await world.kpod(args), `kpod ${args.join(" ")}`).stdout;
  const ps = async (): Promise<Row[]> => JSON.parse(await kpod("ps", "-a", "--format", "json")) as Row[];
  const stateOf = ({ status, exitCode }: Row): string =>
    status === "stopped" ? `${status} ${exitCode}` : status;
  const statusOf = async (name: string): Promise<string> => {
    const row = (await ps()).find(({ id }) => id === ids[name]);
    return row === undefined ? "not listed" : stateOf(row);
  };
  const idOf = (name: string): string => ids[name] ?? "";

  beforeAll(async () => {
    world = await createWorld({ runtime });
    await world.loadImages();
    const parent = ["--cgroup-parent", world.cgroupParent];
    pod = (await kpod("pod", "run", "--name", "web", "--namespace", "shop", ...parent)).trim();
    const programs = {
      loop: "echo began; trap 'exit 0' TERM; while :; do sleep 0.1; done",
      deaf: "sleep 1000",
      lone: "sleep 1000",
      lost: "echo last words; sleep 1000",
      failed: "exit 3",
    };
    for (const [name, program] of Object.entries(programs)) {
      ids[name] = (
        await kpod("run", "-d", "--pod", "web", "--name", name, "localhost/busybox", "sh", "-c", program)
      ).trim();
    }
    await kpod("wait", "failed");
    await removeInfraProcess(world, pod);
    makeRecordsVolatile(world);
  }, 180_000);

  afterAll(async () => {
    await world.destroy();
  }, 120_000);

  test("ps and pod ps show what runs, and the pod as ready", async () => {
    const rows = await ps();
    expect(Object.fromEntries(rows.map((row) => [row.id, stateOf(row)]))).toEqual({
      [idOf("loop")]: "running",
      [idOf("deaf")]: "running",
      [idOf("lone")]: "running",
      [idOf("lost")]: "running",
      [idOf("failed")]: "stopped 3",
    });
    expect(rows.map(({ podId }) => podId)).toEqual(rows.map(() => pod));
    const pods = JSON.parse(await kpod("pod", "ps", "--format", "json")) as Record<string, unknown>[];
    expect(JSON.stringify(pods)).toContain(pod);
    expect(await kpod("pod", "ps")).toMatch(/Ready/);
    const data = JSON.parse(await kpod("inspect", "--type", "pod", "web")) as { State: string };
    expect(data.State).toBe("Ready");
  }, 120_000);

  test("inspect, logs and stats work on its containers", async () => {
    const data = JSON.parse(await kpod("inspect", "loop")) as {
      State: { status: string; pid: number };
      PodID: string;
      CgroupPath: string;
    };
    expect(data).toMatchObject({ State: { status: "running" }, PodID: pod });
    expect(data.CgroupPath).toBe(`${world.cgroupParent}/crio-${idOf("loop")}`);
    expect(data.State.pid).toBe(pidOf(world, idOf("loop"), "pidfile"));
    expect(await kpod("logs", "loop")).toBe("began\n");
    const stats = JSON.parse(await kpod("stats", "--no-stream", "--json", "loop")) as { pids: number }[];
    expect(stats).toMatchObject([{ container: idOf("loop") }]);
    expect(stats[0]?.pids).toBeGreaterThan(0);
  }, 120_000);

  test("a pause is seen, whatever state.json says, and KILL reaches a paused one", async () => {
    succeeded(await world.runtime(["pause", idOf("deaf")]), "pause behind kpod");
    expect(await statusOf("deaf")).toBe("paused");
    expect(await kpod("ps")).toMatch(/Up .*\(Paused\)/);
    expect(readFileSync(userdata(world, "root", idOf("deaf"), "state.json"), "utf8")).toContain('"running"');
    await kpod("kill", "deaf");
    await until("conmon has written the end down", () =>
      existsSync(userdata(world, "root", idOf("deaf"), "exit")),
    );
    expect(await statusOf("deaf")).toBe("stopped 137");
  }, 120_000);

  test("the end of a container whose conmon is dead is written where CRI-O looks for it", async () => {
    const conmon = pidOf(world, idOf("lone"), "conmon-pidfile");
    process.kill(conmon, "SIGKILL");
    await until("conmon is gone", () => !isAlive({ pid: conmon }));
    await kpod("kill", "lone");
    const places = [userdata(world, "root", idOf("lone"), "exit"), join(world.exitsDir, idOf("lone"))];
    expect(places.map((path) => readFileSync(path, "utf8"))).toEqual(["137", "137"]);
    expect(await statusOf("lone")).toBe("stopped 137");
  }, 120_000);

  test("stop, rename and rm keep to the files of the records, and all that is in them", async () => {
    const before = rawRecords(world, volatileRecords);
    await kpod("stop", "-t", "5", "loop");
    expect(await statusOf("loop")).toBe("stopped 0");
    expect(rawRecords(world, volatileRecords)).toEqual(before);

    const name = before.find(({ id }) => id === ids.failed)?.names as string[];
    const renamed = String(name[0]).replace("k8s_failed_", "k8s_other_");
    await kpod("rename", "failed", renamed);
    const record = rawRecords(world, volatileRecords).find(({ id }) => id === ids.failed);
    expect(record).toMatchObject({ names: [renamed], flags: { Volatile: true }, ...unknownField });
    const layer = rawRecords(world, "overlay-layers/volatile-layers.json").find(
      ({ id }) => id === record?.layer,
    );
    expect(layer).toMatchObject({ names: [`${renamed}-layer`], ...unknownField });

    await kpod("rm", "other");
    expect(rawRecords(world, volatileRecords)).toEqual(before.filter(({ id }) => id !== ids.failed));
    expect(existsSync(userdata(world, "root", idOf("failed")))).toBe(false);
    expect(existsSync(join(world.root, "overlay", String(record?.layer)))).toBe(false);
    expect(rawRecords(world, "overlay-containers/containers.json")).toEqual([]);
    expect(layersAtOdds(world)).toEqual([]);
  }, 120_000);

  test("a program of before the volatile records still reads the store, and writes nothing over", async () => {
    const files = [volatileRecords, "overlay-layers/volatile-layers.json", "overlay-layers/layers.json"];
    const texts = (): string[] => files.map((file) => readFileSync(join(world.root, file), "utf8"));
    const before = texts();
    const images = succeeded(await world.containersStorage(["images", "--json"]), "containers-storage");
    expect(JSON.parse(images.stdout)).toHaveLength(2);
    succeeded(await world.containersStorage(["containers", "--json"]), "containers-storage");
    succeeded(await world.containersStorage(["layers", "--json"]), "containers-storage");
    expect(texts()).toEqual(before);
    expect(layersAtOdds(world)).toEqual([]);
  }, 120_000);

  test("on another machine, read-only: what was known at last, and nothing is written", async () => {
    // The node goes down with what still runs: no exit file tells of it.
    const lost = idOf("lost");
    const pids = (["conmon-pidfile", "pidfile"] as const).map((file) => pidOf(world, lost, file));
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await until("both are gone", () => !pids.some((pid) => isAlive({ pid })));

    const other = await createWorld({ runtime });
    const root = join(other.scratch, "dead-node");
    succeeded(await runProcess("cp", ["-ax", world.root, root]), "cp");
    succeeded(await runProcess("mount", ["--bind", root, root]), "mount");
    try {
      succeeded(await runProcess("mount", ["-o", "remount,bind,ro", root]), "remount");
      succeeded(await runProcess("cp", ["-r", world.logDir, join(other.scratch, "logs")]), "cp");
      const before = listing(other.directory);
      const dead = (...args: string[]) =>
        other.kpod(["--root", root, "--runroot", join(other.directory, "none"), ...args]);
      const rows = JSON.parse(
        succeeded(await dead("ps", "-a", "--format", "json"), "kpod ps").stdout,
      ) as Row[];
      expect(Object.fromEntries(rows.map((row) => [row.id, stateOf(row)]))).toMatchObject({
        [idOf("loop")]: "stopped 0",
        [idOf("lone")]: "stopped 137",
        [lost]: "unknown",
      });
      expect((await dead("pod", "ps")).stdout).not.toMatch(/\bReady/);
      const data = JSON.parse(succeeded(await dead("inspect", "lost"), "kpod inspect").stdout) as {
        State: { status: string };
      };
      expect(data.State.status).toBe("unknown");
      const logs = await dead("--log-dir", join(other.scratch, "logs"), "logs", "lost");
      expect([logs.stdout, logs.stderr]).toEqual(["last words\n", ""]);
      const numbers = JSON.parse(
        succeeded(await dead("stats", "--all", "--no-stream", "--json", "lost"), "kpod stats").stdout,
      ) as unknown;
      expect(numbers).toMatchObject([{ container: lost, cpu: null, mem_usage: null, pids: null }]);
      const unknown = await dead("stats", "--no-stream", "lost");
      expect([unknown.exitCode, unknown.stdout]).toEqual([1, ""]);
      expect(unknown.stderr).toContain("its state is unknown, and so is its process");
      const stats = await dead("stats", "--no-stream", "loop");
      expect([stats.exitCode, stats.stderr]).toEqual([1, expect.stringContaining("it is not running")]);
      // Nothing was made, changed or touched.
      expect(listing(other.directory)).toEqual(before);
    } finally {
      await runProcess("umount", [root]);
      await other.destroy();
    }
  }, 120_000);

  test("the pod stops and goes, and nothing of it is left", async () => {
    await kpod("pod", "stop", "-t", "0", "web").catch(() => "");
    await kpod("pod", "rm", "-f", "web");
    expect(await kpod("pod", "ps", "-q")).toBe("");
    expect(rawRecords(world, volatileRecords)).toEqual([]);
    expect(rawRecords(world, "overlay-layers/volatile-layers.json")).toEqual([]);
    expect(layersAtOdds(world)).toEqual([]);
    // The cgroup above stays, which is not the pod's own, and so does what the graph driver mounted for itself.
    const own = [pod, ...Object.values(ids)];
    const left = world.leftovers().filter((line) => own.some((id) => line.includes(id)));
    expect(left).toEqual([]);
    const list = succeeded(await world.runtime(["list", "--quiet"]), "runtime list");
    expect(list.stdout.trim()).toBe("");
  }, 120_000);
});
