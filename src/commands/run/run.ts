import { basename } from "node:path";
import { constants } from "node:os";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import type { ContainerServer } from "../../lib/container-server";
import { beforeLaunch } from "../../lib/crio/before-launch";
import { errorMessage } from "../../lib/errors";
import { createPodContainer } from "../../lib/launch/container";
import type { ContainerOptions, VolumeOption } from "../../lib/launch/container-options";
import { startContainer } from "../../lib/launch/create";
import { runPodSandbox } from "../../lib/launch/pod";
import { runAttached } from "../../lib/launch/run-attached";
import { takeBackContainer, takeBackPod } from "../../lib/launch/take-back";
import type { LogLine } from "../../lib/logs/log-line";
import type { Container } from "../../lib/oci/container";
import { removeContainerInAnyState, removePodInAnyState } from "../../lib/operations/remove-runtime";
import { findSandbox } from "../../lib/operations/find-container";
import { stopPod } from "../../lib/operations/pods";
import { hasVanished } from "../../lib/operations/vanished";
import type { Sandbox } from "../../lib/sandbox/sandbox";
import { readKeyValues } from "../shared/key-values";
import { generatedName } from "../shared/generated-name";
import type { command } from "./command";

type Context = CommandContext<typeof command>;

/** `kpod run`: runs a command in a new container, in the background or until it has ended. */
export async function run(context: Context): Promise<number> {
  const { flags } = context;
  if (flags.rm && flags.detach) throw new UsageError("option --rm cannot be given with --detach");
  const options = readOptions(context);
  const server = await context.openServer();
  await server.update();
  // Before a pod is made for it.
  await server.store.image(options.image);
  const { sandbox, own } = await podFor(context, server, options.name);
  const container = await createIn(server, sandbox, own, options);
  try {
    // Who asked kpod to end while it was made does not want it started.
    context.signal().throwIfAborted();
    if (flags.detach) await startContainer(server, container);
    else return await attach(context, server, container);
  } catch (error) {
    await server.runtime.updateStatus(container);
    const isLeft = container.state?.status === "created";
    if (isLeft) await takeBackContainer(server, container);
    // Nobody asked for the pod itself, and somebody else may have removed its container.
    if (own && (isLeft || hasVanished(server, container))) await takeBackPod(server, sandbox);
    throw error;
  } finally {
    if (!flags.detach) await tidyUp(server, container, own, flags.rm);
  }
  context.terminal.out(`${container.id}\n`);
  return 0;
}

async function createIn(
  server: ContainerServer,
  sandbox: Sandbox,
  own: boolean,
  options: ContainerOptions,
): Promise<Container> {
  try {
    return await createPodContainer(server, sandbox, options);
  } catch (error) {
    // Nobody asked for the pod itself: without its container it goes as well.
    if (own) await takeBackPod(server, sandbox);
    throw error;
  }
}

/** A pod that was made for a container in the foreground has nothing to do any more once that has ended. */
async function tidyUp(
  server: ContainerServer,
  container: Container,
  own: boolean,
  remove: boolean,
): Promise<void> {
  if (container.state?.status !== "stopped") return;
  const sandbox = server.getSandbox(container.sandboxId);
  if (remove) await removeContainerInAnyState(server, container);
  if (!own || sandbox === undefined) return;
  if (remove) await removePodInAnyState(server, sandbox);
  else await stopPod(server, sandbox, 0);
}

function readOptions({ flags, args: [image, ...command] }: Context): ContainerOptions {
  if (flags.pod === undefined && flags.force) throw new UsageError("option --force needs --pod");
  if (flags.pod !== undefined) {
    for (const flag of ["network", "hostname", "cgroupParent"] as const) {
      if (flags[flag] === undefined) continue;
      const name = flag === "cgroupParent" ? "cgroup-parent" : flag;
      throw new UsageError(`option --${name} is for a new pod and cannot be given with --pod`);
    }
  }
  for (const entry of flags.env) {
    if (entry.startsWith("=")) throw new UsageError(`option --env: ${JSON.stringify(entry)} has no name`);
  }
  return {
    name: flags.name ?? generatedName(basename(image).replace(/[:@].*$/, "")),
    image,
    command,
    labels: readKeyValues("label", flags.label),
    // A name alone hands on the variable of this process, as docker does.
    env: flags.env.map((entry) => (entry.includes("=") ? entry : `${entry}=${process.env[entry] ?? ""}`)),
    volumes: flags.volume.map(readVolume),
  };
}

function readVolume(text: string): VolumeOption {
  const [hostPath = "", containerPath = "", access = "rw", ...rest] = text.split(":");
  if (hostPath === "" || containerPath === "" || rest.length > 0 || (access !== "ro" && access !== "rw")) {
    throw new UsageError(`option --volume: ${JSON.stringify(text)} is not HOST:CTR or HOST:CTR:ro`);
  }
  return { hostPath, containerPath, readonly: access === "ro" };
}

/** The pod that was named, or a new one that bears the container's name. */
async function podFor(
  { flags, logger }: Context,
  server: ContainerServer,
  name: string,
): Promise<{ sandbox: Sandbox; own: boolean }> {
  const named = flags.pod === undefined ? undefined : findSandbox(server, flags.pod, "run in");
  const notes = await beforeLaunch(server, {
    force: flags.force,
    ...(named === undefined ? {} : { sandbox: named }),
  });
  for (const note of notes) logger.warn(note);
  if (named !== undefined) return { sandbox: named, own: false };
  const sandbox = await runPodSandbox(server, {
    name,
    ...(flags.hostname === undefined ? {} : { hostname: flags.hostname }),
    network: flags.network ?? "none",
    cgroupParent: flags.cgroupParent ?? "",
  });
  return { sandbox, own: true };
}

/**
 * Runs the container in the foreground. Ctrl-C, TERM and HUP go to the container; the second one ends it for sure.
 * @returns the container's exit code
 */
async function attach(context: Context, server: ContainerServer, container: Container): Promise<number> {
  let signals = 0;
  const release = context.interceptSignals((name) => {
    const signal = constants.signals[++signals > 1 ? "SIGKILL" : name];
    server.runtime.killContainer(container, signal).catch((error: unknown) => {
      // It has just ended: that is what the signal was for.
      context.logger.debug(errorMessage(error));
    });
  });
  try {
    return await runAttached(server, container, (line) => {
      printLine(context, line);
    });
  } finally {
    release();
  }
}

function printLine({ terminal }: Context, { stream, partial, text }: LogLine): void {
  const bytes = partial ? text : Buffer.concat([text, Buffer.from("\n")]);
  if (stream === "stderr") terminal.error(bytes);
  else terminal.out(bytes);
}
