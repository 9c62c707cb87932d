import type { ContainerServer } from "../container-server";
import { KpodError } from "../errors";
import type { Container } from "../oci/container";
import type { Sandbox } from "../sandbox/sandbox";

/**
 * Finds the container that a change is for, by everything that names one.
 * @param verb the command, for the message when it is a pod
 * @throws KpodError NOT_FOUND, AMBIGUOUS, or BAD_ARGUMENT when it is a pod or its infra container
 */
export function findContainer(server: ContainerServer, idOrName: string, verb: string): Container {
  try {
    return server.lookupContainer(idOrName);
  } catch (error) {
    const sandbox = isNotFoundError(error) ? sandboxNamed(server, idOrName) : undefined;
    if (sandbox === undefined) throw error;
    throw new KpodError(
      "BAD_ARGUMENT",
      `cannot ${verb === "rm" ? "remove" : verb} ${idOrName}: it is the infra container of pod ${sandbox.kubeName}`,
      { hint: `use kpod pod ${verb}` },
    );
  }
}

function sandboxNamed(server: ContainerServer, idOrName: string): Sandbox | undefined {
  const byInfraName = server.listSandboxes().find(({ infraContainer }) => infraContainer.name === idOrName);
  if (byInfraName !== undefined) return byInfraName;
  try {
    return server.lookupSandbox(idOrName);
  } catch (error) {
    // That it is no pod either is no news: the first error says what is wrong.
    if (!(error instanceof KpodError)) throw error;
    return undefined;
  }
}

/** True for the error of a look-up that found nothing. */
export function isNotFoundError(error: unknown): boolean {
  return error instanceof KpodError && error.code === "NOT_FOUND";
}
