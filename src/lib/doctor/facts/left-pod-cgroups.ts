import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Facts } from "../facts";
import { cgroupsIn, isPopulated, podCgroups, thereSince } from "./cgroups";
import { podDirectories } from "./pod-directories";
import { podUids } from "./specs";

/** The cgroup that the kubelet has made of a pod, in which nothing is and of which nobody knows. */
export interface LeftPodCgroup {
  readonly uid: string;
  readonly name: string;
  /** One in each hierarchy. */
  readonly directories: readonly string[];
  /** Where the kubelet has a directory of each pod that it knows, and none of this one. */
  readonly podDirectories: readonly string[];
  /** Milliseconds since 1970 from which on it is there at the latest. */
  readonly since: number;
}

/** `kubepods-burstable-podUID.slice` of systemd, with `_` for `-`, or `podUID`; static pods have a digest in place of a UUID. */
const nameOfPod =
  /^(?:kubepods-(?:burstable-|besteffort-)?)?pod([0-9a-f]{32}|[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})(?:\.slice)?$/;

function uidOf(name: string): string | undefined {
  return nameOfPod.exec(name)?.[1]?.replaceAll("_", "-");
}

/**
 * The empty cgroups of pods without a record, beside those of the store's pods. The kubelet makes a pod's directory together
 * with its cgroup, and its sandbox only when its volumes are there, which may take hours: a pod with a directory only waits.
 */
export async function leftPodCgroups(facts: Facts): Promise<readonly LeftPodCgroup[]> {
  const parents = await facts.get(podCgroups);
  const known = new Set([...(await facts.get(podUids)).values()]);
  const places = new Set([...parents].filter((path) => uidOf(basename(path)) !== undefined).map(dirname));
  const found = new Map<string, { uid: string; directories: string[] }>();
  for (const { parent, name, directory } of cgroupsIn(facts, places)) {
    const uid = uidOf(name);
    const path = join(parent, name);
    if (uid === undefined || known.has(uid) || parents.has(path)) continue;
    found.set(path, { uid, directories: [...(found.get(path)?.directories ?? []), directory] });
  }
  const empty = [...found].filter(([, { directories }]) => !directories.some(isPopulated));
  if (empty.length === 0) return [];
  const pods = await facts.get(podDirectories);
  // Where nobody knows which pods the kubelet has, each may be one that waits.
  if (pods.length === 0) return [];
  return empty.flatMap(([path, { uid, directories }]) =>
    pods.some((directory) => existsSync(join(directory, uid)))
      ? []
      : [
          {
            uid,
            name: basename(path),
            directories,
            podDirectories: pods,
            since: thereSince(facts, directories),
          },
        ],
  );
}
