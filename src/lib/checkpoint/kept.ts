import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../oci/container";
import { inventory, members } from "./format";

/** Where the images of criu of a container are, as in CRI-O. */
export function checkpointImages({ dir }: Pick<Container, "dir">): string {
  return join(dir, members.images);
}

/** True for a container that keeps a checkpoint from which it could go on. */
export function hasCheckpoint(container: Pick<Container, "dir">): boolean {
  return existsSync(join(checkpointImages(container), inventory));
}
