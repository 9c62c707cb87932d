import { processCgroupPath, specCgroupPath } from "../cgroups/container-path";
import { textOf, textsOf } from "../images/config-data";
import type { Container } from "../oci/container";
import type { Spec } from "../oci/spec";
import { notedAddresses } from "../sandbox/addresses";
import { isRecord } from "../system/files";
import { readProcessCgroup } from "../system/process";

/** A mount of a container, with something at every key. */
export interface ShownMount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

/** The mounts of a spec. */
export function mountsOf(spec: Spec): ShownMount[] {
  // The types say what a spec must be; on disk it is what somebody wrote.
  const mounts: unknown = spec.mounts;
  return (Array.isArray(mounts) ? mounts : [])
    .filter(isRecord)
    .map(({ destination, type, source, options }) => ({
      destination: textOf(destination),
      type: textOf(type),
      source: textOf(source),
      options: textsOf(options),
    }));
}

/**
 * The source of what is mounted at a path; of several the last, which covers the others. "" when nothing is.
 * @param path of the file in the container
 */
export function mountSource(mounts: readonly ShownMount[], path: string): string {
  return mounts.findLast(({ destination }) => destination === path)?.source ?? "";
}

/** The signal that asks a container to stop, as kpod 1.0 wrote it: without SIG, and TERM for none. */
export function shownStopSignal(stopSignal: string): string {
  return stopSignal === "" ? "TERM" : stopSignal.toUpperCase().replace(/^SIG/, "");
}

/**
 * The cgroup of a container, as a path below the hierarchies' roots: where its process is, else where its spec
 * wants it; "" when the spec does not say.
 */
export function cgroupPathOf({ id, state }: Container, spec: Spec): string {
  const pid = state?.pid ?? 0;
  const text = pid === 0 ? undefined : readProcessCgroup(pid);
  const actual = text === undefined ? undefined : processCgroupPath(text, id);
  return actual ?? specCgroupPath(textOf(spec.linux?.cgroupsPath));
}

/**
 * The IP addresses of a container: those that CRI-O noted with it, else those of its pod.
 * @param own annotations of the container's spec
 * @param pod annotations of the spec of the pod's infra container
 */
export function addressesOf(
  own: Readonly<Record<string, string>>,
  pod: Readonly<Record<string, string>>,
): string[] {
  const noted = notedAddresses(own);
  return noted.length > 0 ? noted : notedAddresses(pod);
}
