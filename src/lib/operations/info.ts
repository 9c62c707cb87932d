import { existsSync } from "node:fs";
import { arch, cpus, hostname, platform, release, totalmem } from "node:os";
import { ownMounts } from "../cgroups/mounts";
import { crioText, crioVersionText, readVersionFiles, type Config, type ConfigFields } from "../config";
import { findCrioVersion } from "../crio/find-version";
import { errorMessage, KpodError } from "../errors";
import { configuredHandlers, type RuntimeHandler } from "../oci/runtime/handler";
import { isBeingMade } from "../oci/state/being-made";
import type { ServerView } from "../server-parts";
import { graphStatus, type GraphStatus } from "../storage/graph-status";
import { goArchitecture } from "../system/architecture";
import { nodeMemory, uptimeText } from "../system/memory";
import { hasVanished } from "./vanished";

/** A runtime of the node. */
export interface RuntimeInfo {
  name: string;
  path: string;
  /** Directory of its own state; "" for its default. */
  root: string;
  /** The first line of what it says of its version; "" when it does not answer, as those of virtual machines. */
  version: string;
  /** True for the one that runs containers that ask for none. */
  default: boolean;
}

/** What is in force on a node, and what is there. Keys in capitals, and those behind them, are those of kpod 1.0. */
export interface NodeInfo {
  host: {
    hostname: string;
    kernel: string;
    architecture: string;
    cpus: number;
    /** Bytes. */
    memory: number;
    /** `v1`, `v2`, or `hybrid`: both side by side. */
    cgroupVersion: string;
    cgroupManager: string;
    /** Bytes, as all four. */
    MemFree: number;
    MemTotal: number;
    SwapFree: number;
    SwapTotal: number;
    /** The architecture as Go calls it: `amd64`. */
    arch: string;
    os: string;
    /** `51h 4m 9.21s (Approximately 2.13 days)`. */
    uptime: string;
  };
  store: {
    root: string;
    runRoot: string;
    driver: string;
    options: string[];
    exists: boolean;
    /** Null, as the pods, where nobody can read which there are. */
    containers: Record<
      "total" | "creating" | "created" | "running" | "paused" | "stopped" | "unknown",
      number
    > | null;
    pods: { total: number; ready: number } | null;
    /** Null where nobody can read which there are. */
    images: number | null;
    /** All containers that have a record: infra containers, and those of podman and buildah, among them. */
    ContainerStore: { number: number | null };
    GraphDriverName: string;
    GraphOptions: string[];
    GraphRoot: string;
    GraphStatus: GraphStatus;
    ImageStore: { number: number | null };
    RunRoot: string;
    /** Why the store cannot be read; only where it cannot. */
    error?: string;
  };
  runtimes: RuntimeInfo[];
  /** The version of the node's CRI-O, whose defaults are in force; "" when nothing tells it. */
  crioVersion: string;
  /** What told it; where nothing did, of which version the defaults are, and why. */
  crioVersionSource: string;
  config: {
    /** The files that were read, in their order. */
    files: string[];
    /** Where each value that is not a default came from. */
    sources: Partial<Record<keyof ConfigFields, string>>;
  };
}

/**
 * Collects what is in force on this node. Runtimes that do not answer are named with an empty version and a warning; of a
 * store that cannot be read it is told why.
 * @throws KpodError INTERRUPTED
 */
export async function nodeInfo(server: ServerView): Promise<NodeInfo> {
  const { host, ...others } = await commonInfo(server.config);
  return { host, store: await readStore(server), runtimes: await runtimes(server), ...others };
}

/**
 * The same where there can be no server, because the configured store is of a kind that kpod does not know.
 * @param error that of making the server
 */
export async function nodeInfoWithoutStore(config: Config, error: KpodError): Promise<NodeInfo> {
  const { host, ...others } = await commonInfo(config);
  const { root, runRoot, storage: driver } = config;
  const contents = { ...unread, exists: existsSync(root) };
  const store = storeInfo({ root, runRoot, driver }, config, contents, error);
  return { host, store, runtimes: [], ...others };
}

async function commonInfo(config: Config): Promise<Omit<NodeInfo, "store" | "runtimes">> {
  const crio = (await findCrioVersion(config)) ?? readVersionFiles(config);
  return {
    host: hostInfo(config),
    crioVersion: crio?.known === true ? crioVersionText(crio.version) : "",
    crioVersionSource: crio === undefined ? "nothing tells it" : crio.known ? crio.source : crioText(crio),
    config: { files: [...config.files], sources: Object.fromEntries(config.sources) },
  };
}

function hostInfo({ cgroupManager }: Pick<Config, "cgroupManager">): NodeInfo["host"] {
  const { memFree, memTotal, swapFree, swapTotal } = nodeMemory();
  return {
    hostname: hostname(),
    kernel: release(),
    architecture: arch(),
    cpus: cpus().length,
    memory: totalmem(),
    cgroupVersion: cgroupVersion(),
    cgroupManager,
    MemFree: memFree,
    MemTotal: memTotal,
    SwapFree: swapFree,
    SwapTotal: swapTotal,
    arch: goArchitecture(),
    os: platform(),
    uptime: uptimeText(),
  };
}

/** What was found out of a store; what could not be is null. */
interface StoreContents {
  readonly exists: boolean;
  readonly containers: NodeInfo["store"]["containers"];
  readonly pods: NodeInfo["store"]["pods"];
  readonly images: number | null;
  /** How many records of containers it has. */
  readonly records: number | null;
  readonly status: GraphStatus;
}

const unread = { containers: null, pods: null, images: null, records: null, status: {} };

function storeInfo(
  { root, runRoot, driver }: { readonly root: string; readonly runRoot: string; readonly driver: string },
  { storageOptions }: Pick<Config, "storageOptions">,
  { exists, containers, pods, images, records, status }: StoreContents,
  error?: KpodError,
): NodeInfo["store"] {
  return {
    root,
    runRoot,
    driver,
    options: [...storageOptions],
    exists,
    containers,
    pods,
    images,
    ContainerStore: { number: records },
    GraphDriverName: driver,
    GraphOptions: [...storageOptions],
    GraphRoot: root,
    GraphStatus: status,
    ImageStore: { number: images },
    RunRoot: runRoot,
    ...(error === undefined ? {} : { error: error.message }),
  };
}

async function readStore(server: ServerView): Promise<NodeInfo["store"]> {
  const { config, store } = server;
  const { layout } = store;
  const images = await valueOrError(async () => (await store.images()).length);
  const place = { ...unread, exists: store.exists(), status: graphStatus(layout) };
  const known = images instanceof KpodError ? place : { ...place, images };
  const counts = await valueOrError(async () => {
    await server.update();
    const records = (await store.containers()).length;
    const pods = { total: server.lists.listSandboxes().length, ready: readyPods(server) };
    return { containers: countedContainers(server), pods, records };
  });
  if (counts instanceof KpodError) return storeInfo(layout, config, known, counts);
  const error = images instanceof KpodError ? images : undefined;
  return storeInfo(layout, config, { ...known, ...counts }, error);
}

async function valueOrError<T>(read: () => Promise<T>): Promise<T | KpodError> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
    return error;
  }
}

function countedContainers({ lists }: Pick<ServerView, "lists">): NodeInfo["store"]["containers"] {
  const containers = lists.listContainers();
  const inState = (status: string): number =>
    containers.filter(({ state }) => state?.status === status).length;
  return {
    total: containers.length,
    creating: inState("creating"),
    created: inState("created"),
    running: inState("running"),
    paused: inState("paused"),
    stopped: inState("stopped"),
    unknown: inState("unknown"),
  };
}

function readyPods(server: Pick<ServerView, "store" | "lists" | "logger">): number {
  return server.lists.listSandboxes().filter((sandbox) => {
    try {
      return sandbox.state === "Ready";
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      const { infraContainer } = sandbox;
      if (!hasVanished(server, infraContainer) && !isBeingMade(infraContainer)) {
        server.logger.warn(`pod ${sandbox.name}: ${error.message}`);
      }
      return false;
    }
  }).length;
}

function cgroupVersion(): string {
  const types = new Set(ownMounts().map(({ type }) => type));
  if (types.has("cgroup")) return types.has("cgroup2") ? "hybrid" : "v1";
  return types.has("cgroup2") ? "v2" : "none";
}

async function runtimes(server: Pick<ServerView, "config" | "runtime" | "logger">): Promise<RuntimeInfo[]> {
  let standard: RuntimeHandler | undefined;
  try {
    standard = server.runtime.handler();
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    server.logger.warn(error.message);
  }
  const others = configuredHandlers(server.config).filter(({ name }) => name !== standard?.name);
  const all = standard === undefined ? others : [standard, ...others];
  return Promise.all(
    all.map(async (handler) => ({
      name: handler.name,
      path: handler.path,
      root: handler.root,
      version: await versionOf(server, handler),
      default: handler === standard,
    })),
  );
}

async function versionOf(
  server: Pick<ServerView, "runtime" | "logger">,
  handler: RuntimeHandler,
): Promise<string> {
  if (handler.type === "vm") return "";
  try {
    return await server.runtime.version(handler);
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    server.logger.warn(errorMessage(error));
    return "";
  }
}
