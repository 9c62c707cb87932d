import { isSince, type Config, type CrioVersion } from "../config";
import { annotations } from "../oci/annotations";

/** The versions of CRI-O that know an annotation by its name. The others ignore it, or miss what it says. */
const forms: Readonly<Record<string, { since: CrioVersion; before?: CrioVersion }>> = {
  [annotations.trustedSandbox]: { since: [1, 0, 0], before: [1, 13, 0] },
  [annotations.imageRepoDigests]: { since: [1, 36, 1] },
  [annotations.platformRuntimePathBefore]: { since: [1, 28, 0], before: [1, 35, 0] },
  [annotations.platformRuntimePath]: { since: [1, 35, 0] },
  [annotations.podLinuxOverheadBefore]: { since: [1, 28, 0], before: [1, 35, 0] },
  [annotations.podLinuxOverhead]: { since: [1, 35, 0] },
  [annotations.podLinuxResourcesBefore]: { since: [1, 28, 0], before: [1, 35, 0] },
  [annotations.podLinuxResources]: { since: [1, 35, 0] },
};

/** What the names of today were before. */
const before = {
  [annotations.platformRuntimePath]: annotations.platformRuntimePathBefore,
  [annotations.podLinuxOverhead]: annotations.podLinuxOverheadBefore,
  [annotations.podLinuxResources]: annotations.podLinuxResourcesBefore,
} as const;

/**
 * The annotations of a new pod or container by the names that the node's CRI-O knows. Where its version is not known
 * they keep those of today.
 */
export function annotationsInForm(
  { crio }: Pick<Config, "crio">,
  all: Readonly<Record<string, string>>,
): Record<string, string> {
  if (crio?.known !== true) return { ...all };
  const entries = Object.entries(all).flatMap(([name, value]): [string, string][] => {
    const old = Object.hasOwn(before, name) ? before[name as keyof typeof before] : undefined;
    return old === undefined
      ? [[name, value]]
      : [
          [name, value],
          [old, value],
        ];
  });
  return Object.fromEntries(entries.filter(([name]) => isKnown(name, crio.version)));
}

function isKnown(name: string, version: CrioVersion): boolean {
  const form = forms[name];
  if (form === undefined) return true;
  return isSince(version, form.since) && (form.before === undefined || !isSince(version, form.before));
}
