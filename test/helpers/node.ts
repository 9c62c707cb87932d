import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cgroupDirectories, isWithin, listMounts } from "../../scripts/lib/machine.mjs";
import { loadConfig } from "../../src/lib/config";
import { ContainerServer, type ServerOptions } from "../../src/lib/container-server";
import { createPodContainer } from "../../src/lib/launch/container";
import type { ContainerOptions } from "../../src/lib/launch/container-options";
import { startContainer } from "../../src/lib/launch/create";
import type { PodOptions } from "../../src/lib/launch/plan-pod";
import { runPodSandbox } from "../../src/lib/launch/pod";
import type { Container } from "../../src/lib/oci/container";
import { isAlive } from "../../src/lib/system/process";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { collectingLogger, type CollectingLogger } from "./collecting-logger";
import { madeBefore } from "./made-before";
import { pathsBelow } from "./listing";
import type { ProcessResult } from "./process";
import { agreedIds } from "./store-world";
import { withoutWaits } from "./waits";
import { createWorld, type World, type WorldOptions } from "./world";

/** A world with images, and the library at work in it. */
export interface Node {
  readonly world: World;
  /** Another library over the same node: what it knows is read when `update` is called. */
  openServer(options?: ServerOptions): Promise<{ server: ContainerServer; logger: CollectingLogger }>;
  /** Starts a pod. */
  pod(name: string, options?: Partial<PodOptions>): Promise<Sandbox>;
  /** Creates a container that nobody has started. */
  create(pod: Sandbox, name: string, script: string, options?: Partial<ContainerOptions>): Promise<Container>;
  /** Creates a container and starts it: busybox's shell with a script. */
  start(pod: Sandbox, name: string, script: string, options?: Partial<ContainerOptions>): Promise<Container>;
  kpod(...args: string[]): Promise<ProcessResult>;
  /** Runs kpod, which must succeed without a word on stderr but of locks. @returns what it printed */
  ok(...args: string[]): Promise<string>;
  /**
   * Runs kpod, which must end with 1 (125 to 127 where 1 is a command's own), print nothing and say one line.
   * @returns that line, without `Error: `
   */
  refusal(...args: string[]): Promise<string>;
  /** Has the other programs read the store, and the runtimes tell what runs: all must agree with kpod. */
  agree(): Promise<void>;
}

/**
 * Makes a {@link Node}. `world.destroy()` takes it down.
 * @param prepare is called before anything is in the store
 */
export async function createNode(
  options: WorldOptions = {},
  prepare: (world: World) => void = () => {},
): Promise<Node> {
  const world = await createWorld(options);
  prepare(world);
  await world.loadImages();
  const config = loadConfig({ configFile: world.config });
  const openServer: Node["openServer"] = (serverOptions = {}) => {
    const logger = collectingLogger();
    return Promise.resolve({ server: new ContainerServer(config, { logger, ...serverOptions }), logger });
  };
  const updated = async (): Promise<ContainerServer> => {
    const { server } = await openServer();
    await server.updateRecords();
    return server;
  };
  const kpod = (...args: string[]): Promise<ProcessResult> => world.kpod(args);
  const create: Node["create"] = async ({ id }, name, script, more) => {
    const server = await updated();
    const command = ["sh", "-c", script];
    return createPodContainer(server, server.lookupSandbox(id), { name, image: "busybox", command, ...more });
  };
  return {
    world,
    openServer,
    pod: async (name, more) =>
      runPodSandbox(await updated(), { name, network: "none", cgroupParent: world.cgroupParent, ...more }),
    create,
    start: async (pod, name, script, more) => {
      const container = await create(pod, name, script, more);
      await startContainer(await updated(), container);
      return container;
    },
    kpod,
    ok: async (...args) => {
      const result = await kpod(...args);
      const stderr = withoutWaits(result.stderr);
      expect({ args, ...result, stderr }).toEqual({ args, exitCode: 0, stderr: "", stdout: result.stdout });
      return result.stdout;
    },
    refusal: async (...args) => {
      const { exitCode, stdout, ...said } = await kpod(...args);
      const stderr = withoutWaits(said.stderr);
      expect({ args, exitCode, stdout, stderr }).toEqual({
        args,
        exitCode:
          runsCommands.has(commandOf(args)) && [126, 127].includes(exitCode) ? exitCode : failed(args),
        stdout: "",
        stderr: expect.stringMatching(/^Error: [^\n]+\n$/) as string,
      });
      return stderr.slice("Error: ".length, -1);
    },
    agree: async () => {
      await agreedIds(world, (await openServer()).server.store);
      expectTidyLayers(world);
      await expectRuntimesToAgree(world);
    },
  };
}

/** The exit code of a command that could not do it; where a program cannot be run, there are two more. */
function failed(args: readonly string[]): number {
  return runsCommands.has(commandOf(args)) ? 125 : 1;
}

/** The command of a line, which a configuration may stand before. */
function commandOf(args: readonly string[]): string {
  return args[args[0] === "-c" ? 2 : 0] ?? "";
}

/** Commands of which 1 is the exit code of what they run in a container. */
const runsCommands: ReadonlySet<string> = new Set(["attach", "debug", "exec", "run"]);

/** The {@link Node} of a test file: made before its first test, as `createNode` does, and taken down after its last. */
export function useNode(...options: Parameters<typeof createNode>): Node {
  return madeBefore(() => createNode(...options));
}

/** A pod on the node of a test file, started before its first test. */
export function usePod(node: Node, ...options: Parameters<Node["pod"]>): Sandbox {
  return madeBefore(() => node.pod(...options));
}

/** Every directory of the driver belongs to a record, and every short link leads to a layer. */
function expectTidyLayers({ root }: World): void {
  const records = ["layers.json", "volatile-layers.json"]
    .map((name) => join(root, "overlay-layers", name))
    .filter((path) => existsSync(path))
    .flatMap((path) => JSON.parse(readFileSync(path, "utf8")) as { id: string }[])
    .map(({ id }) => id);
  const directories = readdirSync(join(root, "overlay")).filter((name) => /^[0-9a-f]{64}$/.test(name));
  expect(directories.sort()).toEqual(records.sort());
  const links = readdirSync(join(root, "overlay/l"));
  expect(links.map((link) => readlinkSync(join(root, "overlay/l", link)).split("/")[1]).sort()).toEqual(
    records,
  );
}

interface RuntimeEntry {
  readonly id: string;
  readonly status: string;
  readonly pid: number;
}

/** `kpod ps -a` and `kpod pod ps` show as running what the runtime shows as running, with its pid, and no other. */
async function expectRuntimesToAgree(world: World): Promise<void> {
  const existing = existsSync(join(world.runtimeRoots.runc)) || existsSync(world.runtimeRoots.crun);
  const listed = existing ? await world.runtime(["list", "--format", "json"]) : undefined;
  const entries = (JSON.parse(listed?.stdout ?? "null") as RuntimeEntry[] | null) ?? [];
  const running = entries.filter(({ status }) => status === "running");
  const shown = JSON.parse((await world.kpod(["ps", "-a", "--format", "json"])).stdout) as {
    id: string;
    ctrRunning: boolean;
    pid: number;
  }[];
  const pods = JSON.parse((await world.kpod(["pod", "ps", "--format", "json"])).stdout) as {
    id: string;
    state: string;
  }[];
  const containers = shown.filter(({ ctrRunning }) => ctrRunning).map(({ id, pid }) => ({ id, pid }));
  const infra = new Set(pods.filter(({ state }) => state === "Ready").map(({ id }) => id));
  expect(new Map(containers.map(({ id, pid }) => [id, pid]))).toEqual(
    new Map(running.filter(({ id }) => !pods.some((pod) => pod.id === id)).map(({ id, pid }) => [id, pid])),
  );
  expect(infra).toEqual(
    new Set(running.filter(({ id }) => pods.some((pod) => pod.id === id)).map(({ id }) => id)),
  );
}

/** The pid of a container's first process, as the runtime persisted it. */
export function pidOf({ bundlePath }: Pick<Container, "bundlePath">): number {
  return Number(readFileSync(join(bundlePath, "pidfile"), "utf8"));
}

/** The pid of a container's conmon. */
export function conmonOf({ bundlePath }: Pick<Container, "bundlePath">): number {
  return Number(readFileSync(join(bundlePath, "conmon-pidfile"), "utf8"));
}

/** What state.json says. */
export function persistedState({ dir }: Pick<Container, "dir">): Record<string, unknown> {
  return JSON.parse(readFileSync(join(dir, "state.json"), "utf8")) as Record<string, unknown>;
}

/** Notes the image of a container by its id in the place of its name, as CRI-O does where the kubelet asks by id. */
export function persistImageById(world: World, id: string, name: string, imageId: string): void {
  const path = join(world.root, "overlay-containers/containers.json");
  const records = (JSON.parse(readFileSync(path, "utf8")) as { id: string; metadata: string }[]).map(
    (record) => (record.id === id ? { ...record, metadata: record.metadata.replace(name, imageId) } : record),
  );
  writeFileSync(path, JSON.stringify(records));
}

/** What a node's log holds of a container, without times and tags. */
export function logOf({ logPath }: Pick<Container, "logPath">): string {
  const lines = existsSync(logPath) ? readFileSync(logPath, "utf8").split("\n").slice(0, -1) : [];
  return lines.map((line) => `${line.split(" ").slice(3).join(" ")}\n`).join("");
}

/**
 * Everything of a container (or a pod's infra container) that there is on the machine, a line each; its log, which
 * outlives it, is not meant.
 */
export function tracesOf(world: World, { id, layerId }: Pick<Container, "id" | "layerId">): string[] {
  const { root, runRoot, exitsDir, attachDir, runtimeRoots } = world;
  const paths = [
    join(root, "overlay", layerId),
    join(root, "overlay-containers", id),
    join(runRoot, "overlay-containers", id),
    join(exitsDir, id),
    join(runtimeRoots.runc, id),
    join(runtimeRoots.crun, id),
  ];
  const records = [
    join(root, "overlay-containers/containers.json"),
    join(root, "overlay-layers/layers.json"),
    join(runRoot, "overlay-layers/mountpoints.json"),
  ];
  const names = (text: string): boolean => text.includes(id) || text.includes(layerId);
  const links = existsSync(join(root, "overlay/l")) ? readdirSync(join(root, "overlay/l")) : [];
  return [
    ...processesNaming(id).map((pid) => `process ${pid}`),
    ...cgroupDirectories(world.cgroupParent)
      .filter((path) => basename(path).includes(id))
      .map((path) => `cgroup ${path}`),
    ...listMounts().flatMap(({ mountPoint }) => (names(mountPoint) ? [`mount ${mountPoint}`] : [])),
    ...records
      .filter((path) => existsSync(path) && names(readFileSync(path, "utf8")))
      .map((path) => `record ${path}`),
    ...paths.filter((path) => existsSync(path)),
    ...links
      .filter((link) => names(readlinkSync(join(root, "overlay/l", link))))
      .map((link) => `link ${link}`),
    ...(existsSync(attachDir) && readdirSync(attachDir).includes(id) ? [`attach link ${id}`] : []),
  ];
}

/**
 * All that there is on a node: paths, mounts, cgroups, processes, a line each. What changes with every look is left
 * out: locks, the journal of changes, the files inside of layers, and the places where removed directories wait, as long as
 * nothing is there.
 */
export function contentsOf(world: World): string[] {
  const { directory, root, runRoot, exitsDir, attachDir, namespacesDir, logDir, runtimeRoots } = world;
  const places = [root, runRoot, exitsDir, attachDir, namespacesDir, logDir, ...Object.values(runtimeRoots)];
  const below = (place: string): string[] =>
    existsSync(place) ? pathsBelow(place).map((name) => join(place, name)) : [];
  const cgroups = cgroupDirectories(world.cgroupParent);
  const record = (name: string): string => readFileSync(join(root, name), "utf8");
  return [
    ...places
      .flatMap(below)
      .filter(
        (path) =>
          !/\.lock$|\/kpod-events\.jsonl(\.1)?$|\/(diff|merged)\/|mountpoints\.json$|\/tempdirs$|overlay-layers\/tmp$/.test(
            path,
          ),
      ),
    ...["overlay-containers/containers.json", "overlay-layers/layers.json"].map(record),
    ...listMounts().flatMap(({ mountPoint }) =>
      isWithin(mountPoint, directory) ? [`mount ${mountPoint}`] : [],
    ),
    ...new Set(cgroups.map((path) => `cgroup ${basename(path)} ${readIfThere(join(path, "cgroup.procs"))}`)),
    ...processesNaming(directory).map((pid) => `process ${pid} ${readIfThere(`/proc/${pid}/cmdline`)}`),
  ].sort();
}

/** Living processes that name a container or a node on their command line (conmon, runtimes) or by their cgroup. */
function processesNaming(id: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids
    .map(Number)
    .filter((pid) => ["cmdline", "cgroup"].some((file) => readIfThere(`/proc/${pid}/${file}`).includes(id)))
    .filter((pid) => isAlive({ pid }));
}

/** The text of a file; "" when it, or the process or cgroup it tells of, is gone. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Gone is gone, whatever the kernel calls it.
    return "";
  }
}
