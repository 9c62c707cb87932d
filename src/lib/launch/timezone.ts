import { copyFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { KpodError, describeErrno } from "../errors";
import type { SpecMount } from "../oci/spec";
import { setFileContext } from "../system/extended-attributes";

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
