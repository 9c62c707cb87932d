import { tolerate } from "../errors";
import { readTextIfThere } from "../system/files";
import type { ConfigFields } from "./fields";
import { defaultVersionFile } from "./root-config";

/** A version of CRI-O: major, minor and patch. */
export type CrioVersion = readonly [number, number, number];

/** The newest version that kpod knows. */
export const newestCrio: CrioVersion = [1, 36, 3];

/** The version of the CRI-O of a node, and how kpod came to know it. */
export interface CrioAnswer {
  /** False for a guess: good enough to look, not to launch beside that CRI-O. */
  readonly known: boolean;
  readonly version: CrioVersion;
  /** What told it, or what the guess was made of: the path of a file, a program, a socket. */
  readonly source: string;
}

/** Reads a version as CRI-O writes it: `"1.36.3+b24632ab"`, `crio version 1.0.0`; undefined for none. */
export function parseCrioVersion(text: string): CrioVersion | undefined {
  const match = /(?:^|["\sv])(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?=$|["\s+~-])/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** A version as text: `1.36.3`. */
export function crioVersionText(version: CrioVersion): string {
  return version.join(".");
}

/** True when a version is another one, or a later one. */
export function isSince(version: CrioVersion, other: CrioVersion): boolean {
  for (const [index, part] of other.entries()) {
    const own = version[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

/** The file for what `version_file_persist` names where crio.conf leaves both files as they are. */
const usualPersistent = "/var/lib/crio/version";

/**
 * What CRI-O has left of its version: the file that it makes at each start, which a reboot removes, else the one that
 * outlives it. One that cannot be read tells nothing.
 */
export function readVersionFiles(
  config: Pick<ConfigFields, "versionFile" | "versionFilePersist">,
): CrioAnswer | undefined {
  const { versionFile, versionFilePersist } = config;
  const usual = versionFile === defaultVersionFile && versionFilePersist === "" ? usualPersistent : "";
  for (const path of [versionFile, versionFilePersist, usual]) {
    const version = path === "" ? undefined : parseCrioVersion(readVersionText(path));
    if (version !== undefined) return { known: true, version, source: path };
  }
  return undefined;
}

function readVersionText(path: string): string {
  return tolerate("", () => readTextIfThere(path) ?? "");
}
