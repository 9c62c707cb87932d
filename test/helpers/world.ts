import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCrunWork, runtimeProgram, worldLayout, writeNodeConfig } from "../../scripts/lib/layout.mjs";
import type { ConfigTables, NodeLayout } from "../../scripts/lib/layout.mjs";
import { leftovers, sweep } from "../../scripts/lib/sweep.mjs";
import { testImages } from "./images";
import type { TestImages } from "./images";
import { KPOD } from "./kpod";
import { finish, runProcess, startProcess, succeeded } from "./process";
import type { ProcessOptions, ProcessResult } from "./process";

export type RuntimeName = "runc" | "crun";

export interface WorldOptions {
  /** Default runtime of the world's crio.conf; default runc. Both are there as handlers. */
  readonly runtime?: RuntimeName;
  /**
   * True gives the world a network namespace of its own, in which its kpods run: what plugins do to the network of the
   * host they do there.
   */
  readonly ownNetwork?: boolean;
  /** Tables over the world's crio.conf: `{ "crio.runtime": { pids_limit: 5 } }`. */
  readonly settings?: ConfigTables;
}

type Run = (args: readonly string[], options?: ProcessOptions) => Promise<ProcessResult>;

/** A throw-away node in one directory. */
export interface World extends NodeLayout {
  /** Directory for what a test itself has to put somewhere: volumes, archives. */
  readonly scratch: string;
  /** Runs kpod with the world's configuration. */
  readonly kpod: Run;
  /** Starts kpod and does not wait; destroy() kills it where it still runs. */
  startKpod(
    args: readonly string[],
    options?: Pick<ProcessOptions, "env" | "cwd">,
  ): ChildProcessWithoutNullStreams;
  /** Runs a program in the world's own network, where it has one. */
  readonly inNetwork: (
    program: string,
    args: readonly string[],
    options?: ProcessOptions,
  ) => Promise<ProcessResult>;
  /** Runs the world's default runtime with its own root. */
  readonly runtime: Run;
  readonly runc: Run;
  readonly crun: Run;
  readonly podman: Run;
  readonly containersStorage: Run;
  /**
   * The same for looks at the store. Where they do not know volatile layers (containers/storage before 1.45), a mere
   * look takes those off the list of mounts and unmounts them: here mounts and run directory are their own.
   */
  readonly apart: Pick<World, "podman" | "containersStorage">;
  readonly skopeo: Run;
  /** Loads `localhost/busybox:latest` and `localhost/pause:latest` by skopeo, or those of them that are named. */
  loadImages(...names: (keyof TestImages)[]): Promise<TestImages>;
  /** What there is of the world: processes, mounts, cgroups, its directory. */
  leftovers(): string[];
  /**
   * Kills, unmounts and removes everything of the world; a second call does nothing.
   * @throws Error that lists what could not be removed within `patienceMs` (10 000) a kind.
   */
  destroy(options?: { readonly patienceMs?: number }): Promise<void>;
}

const open = new Set<World>();

// A test that failed half way, or forgot it, leaves its world to this.
afterAll(async () => {
  for (const world of [...open]) await world.destroy();
}, 180_000);

function containersConfig(layout: NodeLayout): string {
  const path = join(layout.directory, "containers.conf");
  // The locks of podman would else be in shared memory, one set for the whole machine.
  const engine = ['cgroup_manager = "cgroupfs"', 'events_logger = "none"', 'lock_type = "file"'];
  writeFileSync(path, ["[engine]", ...engine, ""].join("\n"));
  return path;
}

type Tools = Pick<World, "runc" | "crun" | "podman" | "containersStorage" | "apart" | "skopeo">;

/** The words before a program that gets mounts of its own, and an empty run directory. */
function outOfSight(runRoot: string): string[] {
  const script = 'mkdir -p "$1" && mount -t tmpfs none "$1" && shift && exec "$@"';
  return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", runRoot];
}

function tools(layout: NodeLayout): Tools {
  const { directory, root, runRoot, runtimeRoots } = layout;
  const storage = {
    CONTAINERS_STORAGE_CONF: layout.storageConfig,
    CONTAINERS_CONF: containersConfig(layout),
  };
  const tool =
    (program: string, ...fixed: string[]): Run =>
    (args, options = {}) =>
      runProcess(program, [...fixed, ...args], { ...options, env: { ...storage, ...options.env } });
  const driver = ["--storage-driver", "overlay"];
  const podmanPlaces = [
    "--tmpdir",
    join(directory, "podman"),
    "--network-config-dir",
    join(directory, "cni"),
  ];
  const podman = ["podman", "--root", root, "--runroot", runRoot, ...driver, ...podmanPlaces] as const;
  const containersStorage = ["containers-storage", "--graph", root, "--run", runRoot, ...driver] as const;
  const [unshare = "", ...hiding] = outOfSight(runRoot);
  return {
    runc: tool(runtimeProgram(layout, "runc") ?? "runc", "--root", runtimeRoots.runc),
    crun: tool(runtimeProgram(layout, "crun") ?? "crun", "--root", runtimeRoots.crun),
    podman: tool(...podman),
    containersStorage: tool(...containersStorage),
    apart: {
      podman: tool(unshare, ...hiding, ...podman),
      containersStorage: tool(unshare, ...hiding, ...containersStorage),
    },
    skopeo: tool("skopeo"),
  };
}

/** Copies image files into the world's store, as any other tool of containers/storage would. */
async function loadImages(
  { skopeo, root, runRoot }: World,
  names: readonly (keyof TestImages)[],
): Promise<TestImages> {
  const images = testImages();
  for (const { layout, name } of names.map((each) => images[each])) {
    const store = `containers-storage:[overlay@${root}+${runRoot}]${name}`;
    succeeded(await skopeo(["copy", "--quiet", `oci:${layout}:${name}`, store]), `skopeo copy ${name}`);
  }
  return images;
}

/** Makes a network namespace; gives the words before a program that is to run in it. */
async function makeNetwork(directory: string): Promise<string[]> {
  const pin = join(directory, "host-network");
  writeFileSync(pin, "");
  const words = [`--net=${pin}`, "ip", "link", "set", "lo", "up"];
  succeeded(await runProcess("unshare", words), "unshare --net");
  return ["nsenter", `--net=${pin}`];
}

function kill(child: ChildProcessWithoutNullStreams): void {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
}

/**
 * Makes a world: own store, run directories, runtime roots, logs, crio.conf and cgroup parent (`cgroupParent`, to be
 * given to `kpod pod run --cgroup-parent`), all below one temporary directory. Nothing of the machine's own node is
 * touched. The directories that kpod and the runtimes make are not made in advance.
 */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  // Short, since podman takes no runroot longer than 50 bytes.
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "kpod-w-")));
  const layout = worldLayout(directory);
  const { runtime = "runc", settings } = options;
  makeCrunWork(layout);
  writeNodeConfig(layout, runtime, settings);
  const scratch = join(directory, "scratch");
  mkdirSync(scratch);
  const running = new Set<ChildProcessWithoutNullStreams>();
  const apart = options.ownNetwork === true ? await makeNetwork(directory) : [];
  const withinNetwork = (words: readonly string[]): [string, string[]] => {
    const [program = "", ...rest] = [...apart, ...words];
    return [program, rest];
  };
  const startKpod: World["startKpod"] = (args, startOptions) => {
    const child = startProcess(...withinNetwork([KPOD, "--config", layout.config, ...args]), startOptions);
    running.add(child);
    child.on("close", () => running.delete(child));
    return child;
  };
  const programs = tools(layout);
  const world: World = {
    ...layout,
    ...programs,
    scratch,
    runtime: programs[runtime],
    startKpod,
    kpod: (args, runOptions) => finish(startKpod(args, runOptions), `kpod ${args.join(" ")}`, runOptions),
    loadImages: (...names) => loadImages(world, names.length === 0 ? ["busybox", "pause"] : names),
    inNetwork: (program, args, runOptions) => runProcess(...withinNetwork([program, ...args]), runOptions),
    leftovers: () => leftovers(layout),
    destroy: async (destroyOptions) => {
      if (!open.has(world)) return;
      for (const child of running) kill(child);
      await sweep(layout, destroyOptions);
      open.delete(world);
    },
  };
  open.add(world);
  return world;
}
