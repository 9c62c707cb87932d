import { join } from "node:path";
import { members } from "../checkpoint/format";
import { checkpointImages, hasCheckpoint } from "../checkpoint/kept";
import { refuseOwnedByCrio } from "../crio/before-launch";
import { KpodError } from "../errors";
import { containerInWords, type Container } from "../oci/container";
import type { RestoreSource } from "../oci/runtime";
import type { Spec } from "../oci/spec";
import { criuError, removeCheckpoint, requireCriuWithLabels } from "../operations/checkpoint-files";
import { unlockNetwork } from "../operations/checkpoint-network";
import { noteContainer } from "../operations/note-event";
import type { LaunchParts } from "../server-parts";
import { createByRuntime } from "./create";
import { withRollback } from "./rollback";
import { launchAnew, persistEnd, podToStartIn, requireRestartable, statusToStart } from "./start-again";

/** How a container is restored. */
export interface RestoreOptions {
  /** Also one of a CRI-O that runs, which will not see it. */
  force?: boolean;
  /** Restores its connections of TCP. */
  tcpEstablished?: boolean;
}

/**
 * Has a container that was checkpointed go on in its place, with its id, its log and its files. Its checkpoint is removed then.
 * @throws KpodError BAD_STATE for one that runs, has no checkpoint, or whose pod is not ready; CONFLICT for one of a CRI-O
 * that runs, without force; UNSUPPORTED, CONMON_FAILED, RUNTIME_FAILED with what criu said, RUNTIME_TIMEOUT, INTERRUPTED: then
 * it is as it was
 */
export async function restoreContainer(
  server: LaunchParts,
  container: Container,
  { force = false, tcpEstablished = false }: RestoreOptions = {},
): Promise<void> {
  const status = await statusToStart(server, container, "restore");
  const cannot = `cannot restore ${containerInWords(container)}`;
  if (status === "running") throw new KpodError("BAD_STATE", `${cannot}: it runs`);
  if (!hasCheckpoint(container)) {
    throw new KpodError("BAD_STATE", `${cannot}: it keeps no checkpoint`, {
      hint: "one that was exported is restored from its archive, by --import FILE",
    });
  }
  await refuseOwnedByCrio(server, container, { verb: "restore", force });
  const layerId = await requireRestartable(server, container);
  await server.runtime.requireCheckpoints(container);
  requireCriuWithLabels(container.spec.process?.selinuxLabel, cannot);
  const { cgroupParent } = await podToStartIn(server, container);
  const since = Date.now();
  await persistEnd(server, container);
  await withRollback(server.logger, (rollback) =>
    launchAnew(server, rollback, { container, layerId, since }, async () => {
      const { logPath, bundlePath } = container;
      const restore = restoreSource(container, container.spec, { tcpEstablished });
      try {
        await createByRuntime(server, container, { logPath, cgroupParent, restore });
      } catch (error) {
        throw criuError(cannot, join(bundlePath, members.restoreLog), error);
      }
    }),
  );
  await unlockNetwork(server, container);
  noteRestored(server, container);
  removeCheckpoint(container);
}

/** What a runtime is told to restore a container from the images that lie in its directory. */
export function restoreSource(
  container: Pick<Container, "dir">,
  { process, linux }: Pick<Spec, "linux" | "process">,
  { tcpEstablished = false }: Pick<RestoreOptions, "tcpEstablished">,
): RestoreSource {
  const [label = "", mountLabel = ""] = [process?.selinuxLabel, linux?.mountLabel];
  return {
    images: checkpointImages(container),
    options: [
      "--file-locks",
      ...(tcpEstablished ? ["--tcp-established"] : []),
      // The labels in the images are those of where it was.
      ...(label === "" ? [] : [`--lsm-profile=selinux:${label}`]),
      ...(mountLabel === "" ? [] : [`--lsm-mount-context=${mountLabel}`]),
    ],
  };
}

/** Writes down that it runs, and how that came. */
export function noteRestored(server: LaunchParts, container: Container): void {
  const { pid = 0, started = new Date() } = container.state ?? {};
  noteContainer(server, container, "start", { time: started.getTime(), pid });
  noteContainer(server, container, "restore");
}
