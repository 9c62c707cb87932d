import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config";
import type { SpecMount } from "../oci/spec";
import type { ImageConfigData } from "../storage/image-config";
import { setFileContext } from "../system/extended-attributes";
import { makeDirectoryInRoot } from "../system/open-in-root";

/**
 * Provides the volumes that an image declares, as `image_volumes` of the configuration says: directories in
 * the container's own layer, directories beside its bundle, or nothing.
 * @param mountLabel SELinux label of the container's files, or ""
 * @returns the mounts they need
 */
export function mountImageVolumes(
  config: Pick<Config, "imageVolumes">,
  image: ImageConfigData,
  rootPath: string,
  bundlePath: string,
  mountLabel: string,
): SpecMount[] {
  const paths = Object.keys(image.Volumes ?? {}).filter((path) => path.startsWith("/"));
  switch (config.imageVolumes) {
    case "ignore":
      return [];
    case "mkdir":
      for (const path of paths) makeDirectoryInRoot(rootPath, path);
      return [];
    case "bind":
      return paths.map((destination, index) => {
        const source = join(bundlePath, "volumes", String(index));
        mkdirSync(source, { recursive: true, mode: 0o755 });
        setFileContext(source, mountLabel);
        return { destination, type: "bind", source, options: ["rbind", "rprivate", "rw", "bind"] };
      });
  }
}
