import type { ContainerServer } from "../container-server";
import { errnoOf, KpodError } from "../errors";
import type { Sandbox } from "../sandbox/sandbox";
import { hasVanished } from "../operations/vanished";

/**
 * Does a step of a launch. Where it fails because somebody stopped or removed the pod meanwhile, that is said: a
 * runtime that finds an empty directory blames the image.
 * @param what what is launched: a container, by its name in Kubernetes, or the pod itself
 * @throws what the step throws, or KpodError BAD_STATE
 */
export async function unlessOvertaken<T>(
  server: Pick<ContainerServer, "store">,
  sandbox: Sandbox,
  what: { container: string } | "pod",
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const foreseen = error instanceof KpodError ? error.code !== "INTERRUPTED" : errnoOf(error) !== undefined;
    if (!foreseen) throw error;
    if (!sandbox.isMarkedStopped && !hasVanished(server, sandbox)) throw error;
    const pod = `pod ${sandbox.kubeName}`;
    const [launched, who] = what === "pod" ? [pod, "it"] : [`container ${what.container}`, pod];
    throw new KpodError("BAD_STATE", `${launched} is not launched: ${who} was stopped or removed meanwhile`, {
      cause: error,
    });
  }
}
