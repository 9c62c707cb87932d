import { arch, cpus, hostname, release, totalmem } from "node:os";
import { ownMounts } from "../cgroups/mounts";
import { crioText, crioVersionText, readVersionFiles, type ConfigFields } from "../config";
import { findCrioVersion } from "../crio/find-version";
import { errorMessage, KpodError } from "../errors";
import { configuredHandlers, type RuntimeHandler } from "../oci/runtime/handler";
import { isBeingMade } from "../oci/state/being-made";
import type { ServerView } from "../server-parts";
import { readableImages } from "./readable-images";
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

/** What is in force on a node, and what is there. */
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
  };
  store: {
    root: string;
    runRoot: string;
    driver: string;
    options: string[];
    exists: boolean;
    containers: Record<
      "total" | "creating" | "created" | "running" | "paused" | "stopped" | "unknown",
      number
    >;
    pods: { total: number; ready: number };
    /** Null where nobody can read which there are. */
    images: number | null;
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

/** Collects what is in force on this node. Runtimes that do not answer are named with an empty version and a warning. */
export async function nodeInfo(server: ServerView): Promise<NodeInfo> {
  const { config, store } = server;
  const crio = (await findCrioVersion(config)) ?? readVersionFiles(config);
  await server.update();
  const containers = server.lists.listContainers();
  const inState = (status: string): number =>
    containers.filter(({ state }) => state?.status === status).length;
  return {
    host: {
      hostname: hostname(),
      kernel: release(),
      architecture: arch(),
      cpus: cpus().length,
      memory: totalmem(),
      cgroupVersion: cgroupVersion(),
      cgroupManager: config.cgroupManager,
    },
    store: {
      root: store.layout.root,
      runRoot: store.layout.runRoot,
      driver: store.layout.driver,
      options: [...config.storageOptions],
      exists: store.exists(),
      containers: {
        total: containers.length,
        creating: inState("creating"),
        created: inState("created"),
        running: inState("running"),
        paused: inState("paused"),
        stopped: inState("stopped"),
        unknown: inState("unknown"),
      },
      pods: { total: server.lists.listSandboxes().length, ready: readyPods(server) },
      images: (await readableImages(server))?.length ?? null,
    },
    runtimes: await runtimes(server),
    crioVersion: crio?.known === true ? crioVersionText(crio.version) : "",
    crioVersionSource: crio === undefined ? "nothing tells it" : crio.known ? crio.source : crioText(crio),
    config: { files: [...config.files], sources: Object.fromEntries(config.sources) },
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
