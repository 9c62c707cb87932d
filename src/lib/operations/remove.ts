import type { ServerParts } from "../server-parts";
import { crioAnswers } from "../crio/daemon";
import { hasKpodMark } from "../crio/kpod-mark";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import { isYoung } from "../oci/state/being-made";
import { searchMonitor } from "../oci/conmon/find";
import { removeContainerInAnyState } from "./remove-runtime";

/**
 * Removes a container (libkpod: Remove): first from its runtime, then conmon ends, then its mount, records,
 * layer and directories go. What is half gone already does not keep the rest from going.
 * @param force also one that runs (it is killed), whose state nobody knows, whose runtime has left the configuration, or
 * that somebody began to make and nobody is at any more
 * @throws KpodError BAD_STATE, RUNTIME_FAILED, RUNTIME_TIMEOUT, BAD_CONFIG, LOCK_TIMEOUT
 */
export async function removeContainer(
  server: ServerParts,
  container: Container,
  force: boolean,
): Promise<void> {
  server.requireNode();
  const { status } = await server.runtime.updateStatus(container);
  if (status === "paused") {
    throw new KpodError("BAD_STATE", `cannot remove paused container ${container.id}`, {
      hint: "unpause or kill it first",
    });
  }
  if (status === "running" && !force) {
    throw new KpodError("BAD_STATE", `cannot remove running container ${container.id}`, {
      hint: "stop it first or use -f",
    });
  }
  if (status === "creating") {
    await refuseWhileMade(server, container, { what: `container ${container.id}: it`, force });
  }
  if (status === "unknown" && !force) {
    throw new KpodError("BAD_STATE", `cannot remove container ${container.id}: its state is unknown`, {
      hint: "use -f if it does not run any more",
    });
  }
  await removeContainerInAnyState(server, container, force);
}

/**
 * Keeps a container that is being made from being removed: whoever makes it would go on with what is not there. With
 * force, while somebody is at it that could not bear it; a launch by kpod can, which finds that out and takes itself back.
 * @param options.what how the message names it, up to "is still being made"
 * @throws KpodError BAD_STATE
 */
export async function refuseWhileMade(
  { config }: ServerParts,
  container: Container,
  { what, force }: { readonly what: string; readonly force: boolean },
): Promise<void> {
  if (!force) {
    throw new KpodError("BAD_STATE", `cannot remove ${what} is still being made`, {
      hint: "wait until it is there, or use -f if nobody is at it any more",
    });
  }
  if (!isYoung(container) || isMadeByKpod(container)) return;
  const hint = "wait until it is there; what is not made within 4 minutes can be removed by -f";
  const monitor = searchMonitor(container);
  if (monitor !== undefined) {
    throw new KpodError(
      "BAD_STATE",
      `cannot remove ${what} is still being made, its conmon (pid ${monitor.pid}) lives`,
      { hint },
    );
  }
  if (await crioAnswers(config)) {
    throw new KpodError("BAD_STATE", `cannot remove ${what} is still being made, and CRI-O works`, { hint });
  }
}

/** Its spec says so, which is there before conmon is. */
function isMadeByKpod(container: Container): boolean {
  try {
    return hasKpodMark(container);
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    return false;
  }
}
