import { copyFileSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config";
import { describeErrno, KpodError } from "../errors";
import type { SpecMount } from "../oci/spec";
import type { ImageConfigData } from "../storage/image-config";
import { setFileContext } from "../system/extended-attributes";
import { makeDirectoryInRoot } from "../system/open-in-root";

const zones = "/usr/share/zoneinfo";

/**
 * The mount by which a container has the time zone of the configuration: a copy of the zone's file beside its bundle.
 * @param timezone `local` for that of the node, "" for that of the image
 * @param mountLabel SELinux label of the container's files, or ""
 * @throws KpodError BAD_CONFIG when the node does not know the zone
 */
export function timezoneMounts(
  timezone: string,
  bundlePath: string,
  access: "ro" | "rw",
  mountLabel: string,
): SpecMount[] {
  if (timezone === "") return [];
  const path = join(bundlePath, "localtime");
  try {
    copyFileSync(realpathSync(timezone === "local" ? "/etc/localtime" : join(zones, timezone)), path);
    setFileContext(path, mountLabel);
  } catch (error) {
    throw new KpodError("BAD_CONFIG", `the time zone ${timezone} cannot be read: ${describeErrno(error)}`, {
      hint: "correct timezone in [crio.runtime], or install tzdata",
      cause: error,
    });
  }
  const options = [access, "bind", "nodev", "nosuid", "noexec"];
  return [{ destination: "/etc/localtime", type: "bind", source: path, options }];
}

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
