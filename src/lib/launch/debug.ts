/*
 * Looking into a container with tools that it does not have: a process in its namespaces and its cgroup, and with its
 * rights, whose root file system is another one. A runtime makes it, from a bundle that nobody else sees, and keeps nothing.
 */
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { fileError, KpodError } from "../errors";
import { isNotFoundError } from "../names/lookup";
import { isStorageId } from "../names/ids";
import { containerInWords, type Container } from "../oci/container";
import { mergeEnvironment } from "../oci/environment";
import { furtherProcess, readOwnProcess, type FurtherProcess, type OwnProcess } from "../oci/exec-process";
import { requireCommand } from "../oci/find-command";
import type { ExecRequest } from "../oci/runtime/exec";
import type { Spec, SpecIdMapping, SpecMount } from "../oci/spec";
import { lookUpUser, requireMapped, withOwnGroup, type ProcessUser } from "../oci/user";
import { endAbandonedSessions, endSession, newSession } from "../operations/debug-sessions";
import { exitCodeOf, shownCommand } from "../operations/exec";
import { noteContainer } from "../operations/note-event";
import { mountsOf } from "../operations/spec-mounts";
import type { LaunchParts } from "../server-parts";
import { readImageConfig } from "../storage/image-config";
import { closing } from "../system/files";
import { openInRoot, pathOfDescriptor } from "../system/open-in-root";
import { waitUntil } from "../system/wait-until";
import { asCopyInPod, besideContainer, layerOf, type Surroundings } from "./debug-surroundings";
import { makeDebugRoot, type DebugRoot, type DebugTools } from "./debug-root";
import { imageToLaunch, type LaunchPull } from "./image";
import { basicEnvironment, permittedOomScore } from "./spec";

/** What is run beside a container, or in the place of one. */
export interface DebugOptions extends Pick<ExecRequest, "streams" | "interceptSignals"> {
  /** The program with its arguments; left out, `sh`. */
  readonly command?: readonly string[] | undefined;
  /** Where the tools come from: an image, or the node's own; left out with `copy`, the container has its own. */
  readonly tools?: { readonly image: string; readonly pull?: LaunchPull } | "node" | undefined;
  /** Where the file system of the target is to be seen beside the tools; `/target` when left out. */
  readonly targetRoot?: string | undefined;
  /** True does not join the container, which may have ended, but runs one like it. */
  readonly copy?: boolean | undefined;
  /** `NAME=value`. */
  readonly env?: readonly string[] | undefined;
  /** `USER`, `USER:GROUP` by the names of the target, or in numbers; left out, the container's own. */
  readonly user?: string | undefined;
  readonly cwd?: string | undefined;
  /** Gives it a terminal; the value is TERM. */
  readonly terminal?: string | undefined;
  /** All capabilities, and neither seccomp nor AppArmor. */
  readonly privileged?: boolean | undefined;
}

/**
 * Runs a command with tools of its own in the namespaces and the cgroup of a container that runs, whose file system it has
 * at a directory; or in a copy of a container. When it has ended nothing is left of it: no process, mount, cgroup, file.
 * @param idOrName a container, or a pod, for its infra container
 * @returns the exit code of the command, and those of `execInContainer` where it could not be started
 * @throws KpodError NOT_FOUND, AMBIGUOUS; BAD_STATE for a container that does not run, or a copy whose pod is not ready;
 * BAD_ARGUMENT; COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE; UNSUPPORTED for a kernel before 5.2; CORRUPT, RUNTIME_FAILED, IO
 */
export async function debugContainer(
  server: LaunchParts,
  idOrName: string,
  options: DebugOptions,
): Promise<number> {
  server.requireNode({ launching: true });
  await endAbandonedSessions(server.store.layout.root, server.logger);
  const container = findTarget(server, idOrName, options);
  await server.runtime.updateStatus(container);
  const tools = await toolsOf(server, container, options);
  const surroundings =
    options.copy === true ? await asCopyInPod(server, container) : besideContainer(server, container);
  const session = newSession(server.store.layout.root);
  try {
    const { idMappings, label } = surroundings;
    const root = madeRoot(server, container, {
      session,
      ...{ container, tools: tools.root, label },
      ...(tools.own || surroundings.target === undefined
        ? {}
        : { target: { ...surroundings.target, directory: options.targetRoot ?? "/target" } }),
      owner: {
        uid: idMappings?.uids.find(({ containerID = 0 }) => containerID === 0)?.hostID ?? 0,
        gid: idMappings?.gids.find(({ containerID = 0 }) => containerID === 0)?.hostID ?? 0,
      },
    });
    try {
      return await runIn(server, { container, options, tools, surroundings, root, session });
    } finally {
      root.close();
    }
  } finally {
    surroundings.close();
    await endSession(session, server.logger);
  }
}

function findTarget(
  { lists }: Pick<LaunchParts, "lists">,
  idOrName: string,
  { copy }: DebugOptions,
): Container {
  try {
    return lists.lookupContainer(idOrName, copy === true ? "copy" : undefined, { attempt: "newest" });
  } catch (error) {
    if (!isNotFoundError(error) || copy === true) throw error;
    try {
      return lists.lookupSandbox(idOrName).infraContainer;
    } catch (other) {
      throw isNotFoundError(other) ? error : other;
    }
  }
}

/** The tools of a session. */
interface Tools {
  readonly root: DebugTools;
  /** True where the container's own file system is the root. */
  readonly own: boolean;
  readonly env: readonly string[];
  /** In messages: `image X`. */
  readonly whose: string;
}

async function toolsOf(
  server: LaunchParts,
  container: Container,
  { tools, copy }: DebugOptions,
): Promise<Tools> {
  if (typeof tools === "object") {
    const { image, name } = await imageToLaunch(server, tools.image, tools.pull);
    const { config = {} } = readImageConfig(server.store, image);
    const { layer } = image;
    if (!isStorageId(layer)) throw new KpodError("CORRUPT", `the record of image ${name} names no layer`);
    const env = mergeEnvironment([...basicEnvironment, ...(config.Env ?? [])]);
    return { root: { kind: "layer", layer }, own: false, env, whose: `image ${name}` };
  }
  if (copy !== true || tools === "node") {
    return { root: { kind: "node" }, own: false, env: basicEnvironment, whose: "the node" };
  }
  const whose = `the copy of ${containerInWords(container)}`;
  return { root: { kind: "layer", layer: layerOf(container) }, own: true, env: [], whose };
}

function madeRoot(
  { store, config }: LaunchParts,
  container: Container,
  request: Parameters<typeof makeDebugRoot>[1],
): DebugRoot {
  const { driver, layout } = store;
  try {
    return makeDebugRoot({ driver, layout, options: config.storageOptions }, request);
  } catch (error) {
    throw fileError(`cannot make the file system to debug ${containerInWords(container)}`, error);
  }
}

interface Run {
  readonly container: Container;
  readonly options: DebugOptions;
  readonly tools: Tools;
  readonly surroundings: Surroundings;
  readonly root: DebugRoot;
  readonly session: string;
}

async function runIn(server: LaunchParts, run: Run): Promise<number> {
  const { container, options, surroundings, root, session } = run;
  const own = readOwnProcess(container);
  const { process, missing } = processOf(run, own);
  root.writeSpec(specText(run, process));
  // Who asked to end meanwhile does not want it started.
  server.signal?.throwIfAborted();
  const { streams, interceptSignals } = options;
  if (!surroundings.copy) {
    noteContainer(server, container, "exec", { attributes: { command: shownCommand(process.args) } });
  }
  const result = await server.runtime.runBeside(container, root.state, {
    ...{ bundle: root.bundle, id: session, streams, interceptSignals },
    terminal: options.terminal !== undefined,
    directory: container.dir,
    unprivileged: process.uid !== 0 || surroundings.idMappings !== undefined,
    unlikely: missing !== undefined,
    startIn: root.namespace.within,
    onEnded: () => endSession(session, server.logger),
  });
  if (result.exitCode === killed && (await hasEndedSoon(container, surroundings))) {
    server.logger.warn(`${containerInWords(container)} has ended meanwhile, and with it what looked into it`);
  }
  const exitCode = exitCodeOf(result, `cannot debug ${containerInWords(container)}`, missing);
  if (!surroundings.copy) noteContainer(server, container, "exec_died", { exitCode });
  return exitCode;
}

/** The exit code of what was killed. */
const killed = 137;

/**
 * The kernel kills what is in a PID namespace while its first process is still ending, and what is in a cgroup in any order:
 * the command may be seen dead before the container is.
 */
async function hasEndedSoon(container: Container, { hasEnded }: Surroundings): Promise<boolean> {
  if (hasEnded === undefined) return false;
  return waitUntil(`the end of ${containerInWords(container)}`, hasEnded, { timeoutMs: 1000 });
}

/** @throws KpodError BAD_ARGUMENT, COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, CORRUPT */
function processOf(
  { container, options, tools, surroundings, root }: Run,
  own: OwnProcess,
): { readonly process: FurtherProcess; readonly missing: KpodError | undefined } {
  const { command = [], env = [], user, cwd, terminal, privileged, targetRoot = "/target" } = options;
  const top = pathOfDescriptor(root.root);
  const asking = `${containerInWords(container)} cannot run it as`;
  const names = (root: string): ProcessUser => lookUpUser(root, user ?? "", asking);
  const who =
    user === undefined
      ? undefined
      : withOwnGroup(
          closing(openInRoot(top, tools.own || surroundings.target === undefined ? "/" : targetRoot), (fd) =>
            names(pathOfDescriptor(fd)),
          ),
        );
  if (who !== undefined && surroundings.idMappings !== undefined)
    requireMapped(who, surroundings.idMappings, asking);
  const score = own.raw.oomScoreAdj;
  // Of several that need memory the tools are no more to be spared than others.
  const oomScoreAdj = surroundings.copy && typeof score === "number" ? permittedOomScore(score) : undefined;
  const process = furtherProcess(
    { ...own, env: tools.own ? own.env : tools.env, raw: { ...own.raw, oomScoreAdj } },
    {
      args: command.length === 0 ? ["sh"] : command,
      ...{ env, user: who, terminal, privileged },
      cwd: cwd ?? (tools.own ? undefined : "/"),
    },
  );
  try {
    requireCommand(top, process, tools.whose);
    return { process, missing: undefined };
  } catch (error) {
    // What is mounted in a container may have the command of a copy; its runtime finds out.
    if (!tools.own || !(error instanceof KpodError)) throw error;
    return { process, missing: error };
  }
}

/** What of a container's mounts its tools need, wherever they come from. */
const common: ReadonlySet<string> = new Set([
  ...["/proc", "/dev", "/dev/pts", "/dev/mqueue", "/dev/shm", "/sys"],
  ...["/etc/hosts", "/etc/resolv.conf", "/etc/hostname"],
]);

function specText(
  { container, options, tools, surroundings, root, session }: Run,
  process: FurtherProcess,
): string {
  const { privileged = false, targetRoot = "/target" } = options;
  const { spec } = container;
  const linux = spec.linux ?? {};
  const all: SpecMount[] = mountsOf(spec);
  const ofTools = tools.own
    ? all
    : all.filter(
        ({ destination, type, source = "" }) =>
          common.has(posix.normalize(destination)) && (type !== "bind" || existsSync(source)),
      );
  const inTarget =
    surroundings.copy && !tools.own
      ? all.map((mount) => ({ ...mount, destination: posix.join(targetRoot, mount.destination) }))
      : [];
  const mappings = surroundings.idMappings;
  const rest: Omit<Spec, "process"> = {
    ...{ ociVersion: spec.ociVersion, ...surroundings.spec },
    root: { path: root.rootPath, ...(tools.own && spec.root?.readonly === true ? { readonly: true } : {}) },
    mounts: [...ofTools, ...inTarget],
    linux: {
      namespaces: [...surroundings.namespaces, { type: "mount" }],
      ...(mappings === undefined
        ? {}
        : { uidMappings: copyOf(mappings.uids), gidMappings: copyOf(mappings.gids) }),
      cgroupsPath: posix.join(surroundings.cgroupParent, session),
      ...(surroundings.resources === undefined ? {} : { resources: surroundings.resources }),
      ...(linux.devices === undefined ? {} : { devices: linux.devices }),
      ...(linux.mountLabel === undefined ? {} : { mountLabel: linux.mountLabel }),
      ...(surroundings.copy && linux.rootfsPropagation !== undefined
        ? { rootfsPropagation: linux.rootfsPropagation }
        : {}),
      ...(privileged || linux.seccomp === undefined ? {} : { seccomp: linux.seccomp }),
      ...(privileged
        ? {}
        : { maskedPaths: linux.maskedPaths ?? [], readonlyPaths: linux.readonlyPaths ?? [] }),
    },
  };
  // The process is as its spec has it, number by number.
  return `{"process":${process.json},${JSON.stringify(rest).slice(1)}`;
}

function copyOf(mappings: readonly SpecIdMapping[]): SpecIdMapping[] {
  return [...mappings];
}
