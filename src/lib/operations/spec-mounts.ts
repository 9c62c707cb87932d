import { textOf, textsOf } from "../system/go-json";
import type { Spec } from "../oci/spec";
import { isRecord } from "../system/files";

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
