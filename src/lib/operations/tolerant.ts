import { KpodError } from "../errors";
import { notFoundError } from "../names/lookup";
import type { Container } from "../oci/container";
import { isBeingMade } from "../oci/state/being-made";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { hasVanished } from "./vanished";

/** Reads something; where that fails, it gives the other value instead. */
export type TolerantRead = <T>(otherwise: T, read: () => T) => T;

/**
 * Reads what it can of a sick container or pod: a part that cannot be read is left open, with one warning for
 * each cause, unless it is just being made. Where somebody has removed it meanwhile, reading ends with NOT_FOUND.
 * @param kind container, or pod where the container is the infra container of one
 */
export function tolerantRead(
  server: Pick<ServerView, "store" | "lists" | "logger">,
  kind: "container" | "pod",
  container: Container,
): TolerantRead {
  const { id, name } = container;
  const told = new Set<string>();
  return (otherwise, read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof KpodError)) throw error;
      if (told.has(error.message)) return otherwise;
      if (hasVanished(server, container)) throw notFoundError(kind, id, "it was removed just now");
      if (isBeingMade(container)) return otherwise;
      const shown = kind === "pod" ? (server.lists.getSandbox(id)?.kubeName ?? name) : name;
      server.logger.warn(`${kind} ${id.slice(0, 13)} (${shown}): ${error.message}`);
      told.add(error.message);
      return otherwise;
    }
  };
}

/** True for a pod without an infra process; one whose spec cannot be read is taken for one that has it. */
export function isSpoofed({ logger }: Pick<ServerView, "logger">, sandbox: Sandbox): boolean {
  try {
    return sandbox.spoofed;
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    if (isBeingMade(sandbox.infraContainer)) return false;
    logger.warn(`pod ${sandbox.name}: ${error.message}`);
    return false;
  }
}
