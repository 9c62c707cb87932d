import type { LaunchParts } from "../server-parts";
import { beforeLaunch, type PlannedLaunch } from "../crio/before-launch";
import type { LogLine } from "../logs/log-line";
import { forEachLogLine } from "../logs/read-log";
import type { Container } from "../oci/container";
import { unknownExitCode } from "../oci/state/resolved";
import { removeContainerInAnyState, removePodInAnyState } from "../operations/remove";
import { attachToContainer, type AttachStreams } from "../operations/attach";
import { asksToEnd, forwardSignal } from "../operations/forward-signal";
import { waitForLogEnd } from "../operations/log-end";
import { stopPod } from "../operations/pods";
import { hasVanished } from "../operations/vanished";
import { waitForExit } from "../operations/wait";
import type { Sandbox } from "../sandbox/sandbox";
import { createPodContainer } from "./container";
import type { ContainerOptions } from "./container-options";
import { startContainer } from "./create";
import { imageToLaunch, type LaunchPull } from "./image";
import type { PodOptions } from "./plan-pod";
import { runPodSandbox } from "./pod";
import { settleEnded } from "./settle-ended";
import { rollbackContainer, rollbackPod } from "./rollback-launched";

/** How a container is run. */
export interface RunOptions {
  container: ContainerOptions;
  /** The id or name of a pod to run in; or what the pod is to be that is made for it and bears its name. */
  pod: string | Omit<PodOptions, "name">;
  /** True runs it also in a pod of a CRI-O that runs, which will not see it. */
  force?: boolean;
  /** How the image comes into the store, and for a pod that is made the pause image, which is never fetched anew. */
  pull?: LaunchPull;
  /** Left out, the container runs on in the background. */
  foreground?: Foreground;
}

/**
 * The streams of a container in the foreground: who gets each line of its log as conmon writes it, also one that is not ended
 * yet; or those that are attached to it, where it has an input or a terminal.
 */
export type ForegroundStreams = ((line: LogLine) => void) | AttachStreams;

/** How a container is run in the foreground, until it has ended. */
export interface Foreground {
  /** Where what it writes goes, and its input comes from. */
  streams: ForegroundStreams;
  /** Hands the signals that this process gets to somebody else; returns what ends that. */
  interceptSignals?: (handler: (name: NodeJS.Signals) => void) => () => void;
  /** True removes the container once it has ended, and the pod that was made for it. */
  remove?: boolean;
}

/** What came of running a container. */
export interface RunResult {
  container: Container;
  /** Undefined in the background, and when it was left there; 255 when nobody knows it. */
  exitCode: number | undefined;
}

/**
 * Creates and starts a container, in a pod that there is or in one of its own, which ends with a container in the
 * foreground. When it cannot be started, or `server.signal` is aborted before, the container is removed, and so is a pod
 * that was made for it. What a user is to know of a CRI-O on the node is a warning of the server's logger.
 *
 * In the foreground the signals of `interceptSignals` go to the container; from the second on they kill it. One that
 * does not reach it is a warning. Once it has started, `server.signal` leaves it to run on.
 * @throws KpodError as `runPodSandbox`, `createPodContainer`, `startContainer` and, where it pulls, `pullImage`; CONFLICT for a pod of a CRI-O that
 * runs, without force; NOT_FOUND, AMBIGUOUS when the pod is named
 */
export async function runContainer(server: LaunchParts, options: RunOptions): Promise<RunResult> {
  const { foreground } = options;
  const { container, pod } = await makeContainer(server, options);
  try {
    // Who asked to end while it was made does not want it started.
    server.signal?.throwIfAborted();
    if (foreground === undefined) await startContainer(server, container);
    else return { container, exitCode: await runInForeground(server, container, foreground) };
  } catch (error) {
    await rollback(server, container, pod);
    throw error;
  } finally {
    if (foreground !== undefined) await tidyUp(server, container, pod, foreground.remove === true);
  }
  return { container, exitCode: undefined };
}

/**
 * Creates a container as `runContainer` does, and leaves it to be started later, by CRI-O too, which finds it in the store.
 * @throws KpodError as `runContainer`
 */
export async function createContainer(
  server: LaunchParts,
  options: Omit<RunOptions, "foreground">,
): Promise<Container> {
  return (await makeContainer(server, options)).container;
}

async function makeContainer(
  server: LaunchParts,
  options: Omit<RunOptions, "foreground">,
): Promise<{ container: Container; pod: PodOfRun }> {
  await server.update();
  const present = typeof options.pod === "string" ? await podFor(server, options) : undefined;
  // Before a pod is made for it.
  const { name } = await imageToLaunch(server, options.container.image, options.pull);
  const pod = present ?? (await podFor(server, options));
  return { container: await createIn(server, pod, { ...options.container, image: name }), pod };
}

/** The pod of a new container. */
interface PodOfRun {
  readonly sandbox: Sandbox;
  /** True for one that was made for the container: nobody asked for the pod itself, and it goes as the container does. */
  readonly own: boolean;
}

async function podFor(server: LaunchParts, { container, pod, force, pull }: RunOptions): Promise<PodOfRun> {
  const warn = async (planned: PlannedLaunch): Promise<void> => {
    for (const note of await beforeLaunch(server, planned)) server.logger.warn(note);
  };
  if (typeof pod === "string") {
    const sandbox = server.lists.lookupSandbox(pod, "run in");
    await warn({ sandbox, force: force === true });
    return { sandbox, own: false };
  }
  await warn({});
  const ofPause: LaunchPull =
    pull === undefined || pull.when === "never" ? { when: "never" } : { ...pull, when: "missing" };
  const sandbox = await runPodSandbox(server, { pull: ofPause, ...pod, name: container.name });
  return { sandbox, own: true };
}

async function createIn(
  server: LaunchParts,
  { sandbox, own }: PodOfRun,
  options: ContainerOptions,
): Promise<Container> {
  try {
    return await createPodContainer(server, sandbox, options);
  } catch (error) {
    if (own) await rollbackPod(server, sandbox);
    throw error;
  }
}

/** Removes what was created and not started; a container that had started stays, and its pod with it. */
async function rollback(
  server: LaunchParts,
  container: Container,
  { sandbox, own }: PodOfRun,
): Promise<void> {
  await server.runtime.updateStatus(container);
  const isLeft = container.state?.status === "created";
  if (isLeft) await rollbackContainer(server, container);
  // Somebody else may have removed its container.
  if (own && (isLeft || hasVanished(server, container))) await rollbackPod(server, sandbox);
}

/** A pod that was made for a container in the foreground has nothing to do any more once that has ended. */
async function tidyUp(
  server: LaunchParts,
  container: Container,
  { own }: PodOfRun,
  remove: boolean,
): Promise<void> {
  if (container.state?.status !== "stopped") return;
  const sandbox = server.lists.getSandbox(container.sandboxId);
  if (remove) await removeContainerInAnyState(server, container);
  if (!own || sandbox === undefined) return;
  if (remove) await removePodInAnyState(server, sandbox);
  else await stopPod(server, sandbox, 0);
}

async function runInForeground(
  server: LaunchParts,
  container: Container,
  { streams, interceptSignals }: Foreground,
): Promise<number | undefined> {
  let signals = 0;
  const release = interceptSignals?.((name) => {
    if (asksToEnd(name)) signals++;
    void forwardSignal(server, container, asksToEnd(name) && signals > 1 ? "SIGKILL" : name);
  });
  try {
    return await runAttached(server, container, streams);
  } finally {
    release?.();
  }
}

/**
 * Starts a created container and hands on what it writes until it has ended; then its file system is
 * unmounted and its end persisted, as CRI-O does when a container of its own ends.
 * @returns its exit code; undefined when somebody left it by the keys for that
 * @throws KpodError RUNTIME_FAILED when it cannot be started; as `attachToContainer` where streams are attached
 */
export async function runAttached(
  server: LaunchParts,
  container: Container,
  streams: ForegroundStreams,
): Promise<number | undefined> {
  const exit = await startAndFollow(server, container, streams);
  if (exit === "left") return undefined;
  await settleEnded(server, container);
  return exit;
}

async function startAndFollow(
  server: LaunchParts,
  container: Container,
  streams: ForegroundStreams,
): Promise<number | "left"> {
  const { signal } = server;
  const start = (): Promise<void> => startContainer(server, container);
  if (typeof streams === "function") {
    await start();
    const ended = waitForLogEnd(server, container, signal);
    await forEachLogLine(container.logPath, { ended, unfinished: true, signal }, streams);
    // Its conmon has written down how it ended by now.
    return (await waitForExit(server, container, { signal })) ?? unknownExitCode;
  }
  const end = await attachToContainer(server, container, { streams, start, signal });
  return end.detached ? "left" : end.exitCode;
}
