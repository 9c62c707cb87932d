import type { LaunchParts } from "../server-parts";
import { crioStartedSince } from "../crio/daemon";
import { errnoOf, KpodError } from "../errors";
import type { Container } from "../oci/container";
import { isVanishing } from "../operations/vanished";
import type { Sandbox } from "../sandbox/sandbox";
import { isStorageId } from "../names/ids";
import { isMountPoint } from "../system/mount";

/** A container or pod on its way. */
export interface Launched {
  /** Its name in Kubernetes. */
  readonly name: string;
  /** Id of it, or of its infra container. */
  readonly id: string;
  /** True for a pod: its infra container is what is launched. */
  readonly infra: boolean;
  /** The pod that it is made in; undefined for a pod that is not in the server's lists yet. */
  sandbox?: Sandbox;
  /** When it was begun, in milliseconds since 1970. */
  readonly since: number;
  /** Where its file system appears, once it is mounted. */
  rootPath?: string;
}

/**
 * A container that is ready to be started, or the infra container of a pod that is.
 * @param since when its start was begun, where that is not when it was made
 */
export function launchOf(
  server: Pick<LaunchParts, "lists" | "store">,
  container: Container,
  since = container.createdAt.getTime(),
): Launched {
  const sandbox = server.lists.getSandbox(container.sandboxId);
  const { id, layerId, metadata, infra } = container;
  return {
    name: metadata.name,
    id,
    since,
    infra,
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(isStorageId(layerId) ? { rootPath: server.store.driver.mountPath(layerId) } : {}),
  };
}

/**
 * Does a step of a launch. Where it fails because somebody took away meanwhile what it needs, that is said: a runtime
 * that finds an empty directory blames the image. At its start CRI-O removes what is not made to the end.
 * @throws what the step throws, or KpodError BAD_STATE
 */
export async function unlessOvertaken<T>(
  server: Pick<LaunchParts, "config" | "store">,
  launched: Launched,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const foreseen = error instanceof KpodError ? error.code !== "INTERRUPTED" : errnoOf(error) !== undefined;
    if (!foreseen || error instanceof OvertakenError) throw error;
    const happened = await whatHappened(server, launched);
    if (happened === undefined) throw error;
    const what = `${launched.infra ? "pod" : "container"} ${launched.name}`;
    throw new OvertakenError(`${what} is not launched: ${happened}`, error);
  }
}

/** Said once, by the innermost step. */
class OvertakenError extends KpodError {
  constructor(message: string, cause: unknown) {
    super("BAD_STATE", message, { cause });
  }
}

async function whatHappened(
  server: Pick<LaunchParts, "config" | "store">,
  { id, infra, sandbox, since, rootPath }: Launched,
): Promise<string | undefined> {
  const podRemoved = infra
    ? await isVanishing(server, { id })
    : sandbox !== undefined && (await isVanishing(server, sandbox));
  const removed = podRemoved || (await isVanishing(server, { id }));
  const pod = infra ? "it" : `pod ${sandbox?.kubeName ?? ""}`;
  if (!removed) {
    if (sandbox?.isMarkedStopped === true) return `${pod} was stopped or removed meanwhile`;
    const unmounted =
      rootPath !== undefined && server.store.layout.driver === "overlay" && !isMountPoint(rootPath);
    if (!unmounted) return undefined;
    return crioStartedSince(server.config, since)
      ? "CRI-O was started meanwhile, and its root file system is not mounted any more"
      : "its root file system was unmounted meanwhile, as CRI-O does with all when it stops";
  }
  const what = podRemoved ? pod : "it";
  if (crioStartedSince(server.config, since)) {
    return `CRI-O was started meanwhile and removed ${what}, as it does with what is not made to the end`;
  }
  // A pod that is being removed loses its containers first.
  const podEnds = podRemoved || sandbox?.isMarkedStopped === true;
  return podEnds ? `${pod} was stopped or removed meanwhile` : "it was removed meanwhile";
}
