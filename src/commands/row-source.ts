import { displayId } from "../format/id";
import type { ContainerServer } from "../lib/container-server";
import { KpodError } from "../lib/errors";
import type { Logger } from "../lib/logger";
import type { Container } from "../lib/oci/container";
import type { ContainerSizes } from "../lib/operations/sizes";

/** What the rows of a list of containers are made from. */
export interface RowSource {
  server: ContainerServer;
  logger: Logger;
  /** Milliseconds since 1970. */
  now: number;
  noTrunc: boolean;
  /** What the containers take on the disk, by their ids, where that is asked for. */
  sizes?: ReadonlyMap<string, ContainerSizes>;
}

/**
 * Reads something of a container; when that cannot be read, it is left open with a warning: one sick container
 * must not spoil the list of the others.
 */
export function readOr<T>(
  { logger }: Pick<RowSource, "logger">,
  container: Container,
  otherwise: T,
  read: () => T,
): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KpodError)) throw error;
    warnOnce(logger, container, error.message);
    return otherwise;
  }
}

const warned = new WeakSet<Container>();

function warnOnce(logger: Logger, container: Container, message: string): void {
  if (warned.has(container)) return;
  warned.add(container);
  logger.warn(`container ${displayId(container.id)} (${container.name}): ${message}`);
}
