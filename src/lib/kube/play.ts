import { KpodError } from "../errors";
import { beforeLaunch } from "../crio/before-launch";
import { entryOf, refuseUsedPort } from "../network/host-ports";
import { createPodContainer } from "../launch/container";
import { startContainer } from "../launch/create";
import { imageToLaunch, type LaunchPull } from "../launch/image";
import type { PodNetwork } from "../launch/plan-network";
import { runPodSandbox } from "../launch/pod";
import { withRollback, type Rollback } from "../launch/rollback";
import { removeLog, rollbackPod } from "../launch/rollback-launched";
import { runAttached } from "../launch/run";
import type { Container } from "../oci/container";
import { persistedAddresses } from "../sandbox/addresses";
import type { Sandbox } from "../sandbox/sandbox";
import type { LaunchParts } from "../server-parts";
import { containerOptions, type KubeContainer } from "./container";
import { expandText, variablesOf } from "./environment";
import type { PodFacts } from "./facts";
import type { KubePlan } from "./objects";
import type { KubePod } from "./pod";
import { checkHostPaths, makeVolumes, mountVolumes, updateAndTidy, type VolumePlaces } from "./volume-files";

/** What of pods their file does not say. */
export interface PlayOptions {
  /** The network of pods that are not on the host's; as for `runPodSandbox`. */
  readonly network?: PodNetwork | undefined;
  /** The cgroup of the pods; "" for the default. */
  readonly cgroupParent?: string;
  /** Name of the runtime's handler, in the place of what their file says. */
  readonly runtimeHandler?: string | undefined;
  /** When images are fetched, in the place of what their file says; else those that are missing. */
  readonly pull?: LaunchPull["when"] | undefined;
  readonly progress?: LaunchPull["progress"];
}

/**
 * Makes the pods of a plan with all their containers: init containers run to their end in turn, then the others are started.
 * When a step fails, all that was made is removed. What of their file is not followed is a warning.
 * @throws KpodError as `runPodSandbox`, `createPodContainer`, `startContainer` and, where it pulls, `pullImage`; BAD_STATE when
 * an init container fails; INTERRUPTED
 */
export async function playKube(
  server: LaunchParts,
  { pods, untold }: KubePlan,
  options: PlayOptions = {},
): Promise<Sandbox[]> {
  server.requireNode({ launching: true });
  for (const line of untold) server.logger.warn(line);
  for (const { volumes } of pods) checkHostPaths(volumes);
  for (const pod of pods) await refuseUsedPorts(pod);
  await updateAndTidy(server);
  for (const note of await beforeLaunch(server)) server.logger.warn(note);
  const images = await fetchImages(server, pods, options);
  return withRollback(server.logger, async (rollback) => {
    const played: Sandbox[] = [];
    for (const pod of pods) played.push(await playPod(server, rollback, pod, { ...options, images }));
    return played;
  });
}

/**
 * Makes sure that no program listens where the containers of a pod would: what still runs of a static pod whose kubelet is
 * dead does. @throws KpodError CONFLICT
 */
async function refuseUsedPorts({ name, portsOfHost }: KubePod): Promise<void> {
  for (const port of portsOfHost) {
    try {
      await refuseUsedPort(entryOf(port));
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      const hint = "end that program, or remove the pod that it is of: ss -lntup shows which";
      throw new KpodError(error.code, `pod ${name} is to be on the host's network: ${error.message}`, {
        ...(error.code === "CONFLICT" ? { hint } : {}),
        cause: error,
      });
    }
  }
}

/** What the store finds each image by, as each container wants it fetched. */
async function fetchImages(
  server: LaunchParts,
  pods: readonly KubePod[],
  { pull, progress }: PlayOptions,
): Promise<Map<string, string>> {
  const images = new Map<string, string>();
  for (const container of pods.flatMap(({ containers }) => containers)) {
    const wish = imageWish(container, pull);
    if (images.has(wish)) continue;
    const when = pull ?? container.pull ?? "missing";
    const { name } = await imageToLaunch(server, container.image, { when, progress });
    images.set(wish, name);
  }
  return images;
}

/** One image may be wanted in several ways by the containers of a file. */
function imageWish({ image, pull: own = "missing" }: KubeContainer, pull: PlayOptions["pull"]): string {
  return `${pull ?? own} ${image}`;
}

async function playPod(
  server: LaunchParts,
  rollback: Rollback,
  { name, pod, volumes, fsGroup, containers }: KubePod,
  options: PlayOptions & { readonly images: ReadonlyMap<string, string> },
): Promise<Sandbox> {
  const { network, cgroupParent = "", runtimeHandler, pull, progress, images } = options;
  const sandbox = await runPodSandbox(server, {
    ...pod,
    ...(network === undefined || pod.network === "host" ? {} : { network }),
    ...(runtimeHandler === undefined ? {} : { runtimeHandler }),
    cgroupParent,
    pull: { when: pull === "never" ? "never" : "missing", progress },
  });
  rollback.add(`remove pod ${name}`, () => removePlayed(server, sandbox));
  if (pod.userns !== undefined)
    for (const { name: volume, source } of volumes)
      if (source.kind === "hostPath")
        server.logger.warn(
          `the files of volume ${volume} belong to nobody in pod ${name}, which has users of its own`,
        );
  const facts: PodFacts = {
    uid: sandbox.uid,
    ips: persistedAddresses(sandbox.infraContainer.specAnnotations),
  };
  const places = makeVolumes(rollback, sandbox, { volumes, fsGroup, facts });
  for (const container of containers) {
    server.signal?.throwIfAborted();
    const image = images.get(imageWish(container, pull)) ?? container.image;
    await playContainer(server, sandbox, { ...container, image }, { facts, places, rollback });
  }
  return sandbox;
}

async function playContainer(
  server: LaunchParts,
  sandbox: Sandbox,
  container: KubeContainer,
  {
    facts,
    places,
    rollback,
  }: { readonly facts: PodFacts; readonly places: VolumePlaces; readonly rollback: Rollback },
): Promise<void> {
  const { name, kind, variables, mounts } = container;
  const values = variablesOf(variables, facts);
  const expand = (text: string): string => expandText(text, values);
  const volumes = mountVolumes(server, sandbox, places, { container: name, mounts, expand, rollback });
  const made = await createPodContainer(server, sandbox, {
    ...containerOptions(container, facts),
    volumes,
    // As CRI-O does, which does not say so.
    onUnlabelled: (why) => {
      server.logger.warn(`the seLinuxOptions of container ${name} are not followed: ${why}`);
    },
  });
  server.signal?.throwIfAborted();
  if (kind === "init") await runToEnd(server, sandbox, made);
  else await startContainer(server, made);
}

/** @throws KpodError BAD_STATE when it fails */
async function runToEnd(server: LaunchParts, { kubeName }: Sandbox, container: Container): Promise<void> {
  let last = "";
  const code = await runAttached(server, container, ({ text }) => {
    if (text.length > 0) last = text.toString("utf8");
  });
  if (code === 0) return;
  server.signal?.throwIfAborted();
  const said = last === "" ? "" : `; the last that it said: ${last}`;
  throw new KpodError(
    "BAD_STATE",
    `init container ${container.metadata.name} of pod ${kubeName} ended with code ${code ?? "unknown"}${said}`,
  );
}

/** Removes a pod that was made in part, with all logs: nobody was told that it is there. */
async function removePlayed(server: LaunchParts, { id }: Sandbox): Promise<void> {
  await server.update();
  const sandbox = server.lists.getSandbox(id);
  if (sandbox === undefined) return;
  const logs = sandbox.containers().map(({ logPath }) => logPath);
  await rollbackPod(server, sandbox);
  for (const log of logs) if (log !== "") removeLog(log);
}
