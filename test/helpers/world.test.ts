import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runtimeProgram } from "../../scripts/lib/layout.mjs";
import { runProcess, succeeded } from "./process";
import { createWorld } from "./world";
import type { RuntimeName, World } from "./world";

/** Starts a container under conmon on a mounted layer, by hand: what kpod leaves when it launches one. */
async function launch(world: World, runtime: RuntimeName, id: string): Promise<number> {
  const { busybox } = await world.loadImages();
  const created = succeeded(
    await world.containersStorage(["create-container", "--json", busybox.id]),
    "create",
  );
  const { id: storageId } = JSON.parse(created.stdout) as { id: string };
  const mounted = succeeded(await world.containersStorage(["mount", storageId]), "mount");
  const bundle = join(world.runRoot, "bundles", id);
  const pidFile = join(bundle, "pidfile");
  mkdirSync(bundle, { recursive: true });
  for (const place of [world.exitsDir, world.attachDir, world.logDir]) mkdirSync(place, { recursive: true });
  execFileSync("runc", ["spec", "--bundle", bundle]);
  const configFile = join(bundle, "config.json");
  const spec = JSON.parse(readFileSync(configFile, "utf8")) as {
    process: object;
    root: object;
    linux: object;
  };
  spec.process = { ...spec.process, terminal: false, args: ["sh", "-c", "echo up; sleep 1000"] };
  spec.root = { path: mounted.stdout.trim(), readonly: false };
  spec.linux = { ...spec.linux, cgroupsPath: `${world.cgroupParent}/crio-${id}` };
  writeFileSync(configFile, JSON.stringify(spec));
  const program = runtimeProgram(world, runtime) ?? runtime;
  const root = world.runtimeRoots[runtime];
  const names = [
    "--cid",
    id,
    "--cuuid",
    id,
    "--name",
    id,
    "--bundle",
    bundle,
    "--log-path",
    join(world.logDir, id),
  ];
  const runtimeArgs = ["--runtime", program, "--runtime-arg", `--root=${root}`];
  const places = ["--exit-dir", world.exitsDir, "--socket-dir-path", world.attachDir];
  const files = ["--container-pidfile", pidFile, ...places];
  succeeded(await runProcess("conmon", [...names, ...runtimeArgs, ...files]), "conmon");
  for (let tries = 0; tries < 500 && !existsSync(pidFile); tries += 1) await sleep(20);
  succeeded(await world[runtime](["start", id]), `${runtime} start`);
  return Number(readFileSync(pidFile, "utf8"));
}

const kinds = (lines: readonly string[]): string[] => [
  ...new Set(lines.map((line) => line.split(" ")[0] ?? "")),
];

describe.each<RuntimeName>(["runc", "crun"])("a world with a container under %s", (runtime) => {
  test("shows what there is of it, and destroy leaves nothing, not even of a paused one", async () => {
    const world = await createWorld({ runtime });
    const running = await launch(world, runtime, "running");
    const paused = await launch(world, runtime, "paused");
    succeeded(await world.runtime(["pause", "paused"]), "pause");

    const before = world.leftovers();
    expect(kinds(before)).toEqual(["process", "mount", "cgroup", "directory"]);
    expect(before.filter((line) => line.includes("conmon"))).toHaveLength(2);
    expect(before.filter((line) => line.startsWith(`process ${running}:`))).toHaveLength(1);
    expect(before.filter((line) => line.startsWith(`process ${paused}:`))).toHaveLength(1);

    await world.destroy();
    expect(world.leftovers()).toEqual([]);
    expect(existsSync(`/proc/${running}`)).toBe(false);
    await world.destroy();
  });
});

describe("a world", () => {
  test("that cannot be unmounted says so, keeps its files, and can be destroyed later", async () => {
    const world = await createWorld();
    const target = join(world.scratch, "busy place");
    mkdirSync(target);
    execFileSync("mount", ["-t", "tmpfs", "kpod-test", target]);
    const holder = spawn("sleep", ["600"], { cwd: target, stdio: "ignore" });
    const held = new Promise((resolve) => holder.on("close", resolve));
    try {
      await expect(world.destroy({ patienceMs: 200 })).rejects.toThrow(`mount ${target}`);
      expect(existsSync(target)).toBe(true);
    } finally {
      holder.kill("SIGKILL");
      await held;
    }
    await world.destroy();
    expect(world.leftovers()).toEqual([]);
  });

  test("gives podman and containers-storage its own store, with the images in it", async () => {
    const world = await createWorld();
    const { busybox, pause } = await world.loadImages();
    const listed = succeeded(await world.podman(["images", "--no-trunc", "--format", "{{.ID}}"]), "podman");
    expect(listed.stdout.trim().split("\n").sort()).toEqual(
      [busybox.id, pause.id].map((id) => `sha256:${id}`).sort(),
    );
    const known = succeeded(await world.containersStorage(["images", "--json"]), "containers-storage");
    expect((JSON.parse(known.stdout) as { id: string }[]).map(({ id }) => id).sort()).toEqual(
      [busybox.id, pause.id].sort(),
    );
    const containers = succeeded(await world.podman(["ps", "--all", "--storage", "--quiet"]), "podman ps");
    expect(containers.stdout).toBe("");
    await world.destroy();
  });

  test("runs kpod as a process of its own and gives back all it said", async () => {
    const world = await createWorld();
    const { stdout, exitCode } = await world.kpod(["--version"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\d+\.\d+\.\d+/);
    await world.destroy();
  });
});
