import type { ContainerServer } from "../container-server";
import type { Container } from "../oci/container";
import { silentLogger } from "../logger";
import { readContainers } from "../storage/containers";

/**
 * True when somebody has removed a container since the server's last update: what cannot be read of it is then no
 * fault. Files of records are replaced whole, so that no lock is needed to see whether its record is still there.
 * @throws KpodError CORRUPT, IO when the records cannot be read any more
 */
export function hasVanished(
  { store }: Pick<ContainerServer, "store">,
  { id }: Pick<Container, "id">,
): boolean {
  return !readContainers(store.layout, silentLogger).some((record) => record.id === id);
}
