import { join } from "node:path";
import { hasOnlyCgroup2 } from "../cgroups/mounts";
import { specCgroupPath } from "../cgroups/spec-path";
import type { Container } from "../oci/container";
import { readTextIfThere, writeFileAtomic } from "../system/files";

/** Settings of criu for one container: the annotation that names their file to runc, and those of the node without it. */
const annotation = "org.criu.config";
const ofNode = "/etc/criu/runc.conf";

/** Bytes that settings of criu can have. */
const longestSettings = 1024 * 1024;

/**
 * Has criu put what it restores into the cgroup of its new container. runc before 1.2 tells criu so for cgroups of version 1
 * alone; else criu makes the cgroup of the dumped container again, and the limits and the end of that one would be theirs.
 * @param path the cgroup, as the spec of the new container has it
 * @param onlyVersion2 whether the node has cgroups of version 2 alone
 * @returns the annotations that the spec gets for that
 */
export function restoreIntoCgroup(
  { dir }: Pick<Container, "dir">,
  path: string,
  onlyVersion2 = hasOnlyCgroup2(),
): Record<string, string> {
  const cgroup = specCgroupPath(path);
  // criu takes words apart at spaces, and at quotes.
  if (!onlyVersion2 || !/^\/[\w.:@\\/-]+$/.test(cgroup)) return {};
  const settings = join(dir, "criu.conf");
  const usual = readTextIfThere(ofNode, longestSettings) ?? "";
  writeFileAtomic(settings, `${usual}\ncgroup-root ${cgroup}\n`, 0o600);
  return { [annotation]: settings };
}
