import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { World } from "./world";

/** All names under which the disk has a container: more than one is a rename that is not through. */
export function namesOnDisk(world: World, { id, dir, bundlePath, layerId }: Container): Set<string> {
  const annotation = (path: string): string => {
    const { annotations } = JSON.parse(readFileSync(path, "utf8")) as { annotations: Record<string, string> };
    return annotations["io.kubernetes.cri-o.Name"] ?? "";
  };
  const record = (file: string, wanted: string): Record<string, unknown> & { names: string[] } => {
    const records = JSON.parse(readFileSync(join(world.root, file), "utf8")) as { id: string }[];
    return records.find((entry) => entry.id === wanted) as unknown as { names: string[] } & Record<
      string,
      unknown
    >;
  };
  const own = record("overlay-containers/containers.json", id);
  const layer = record("overlay-layers/layers.json", layerId);
  return new Set([
    annotation(join(dir, "config.json")),
    annotation(join(bundlePath, "config.json")),
    annotation(join(dir, "state.json")),
    ...own.names,
    (JSON.parse(own.metadata as string) as { name: string }).name,
    ...layer.names.map((name) => name.replace(/-layer$/, "")),
  ]);
}
