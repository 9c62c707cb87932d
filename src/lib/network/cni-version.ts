/** The versions of the CNI specification that kpod speaks, oldest first. */
export const cniVersions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

export type CniVersion = (typeof cniVersions)[number];

/** What a configuration without a version has. */
export const firstCniVersion: CniVersion = "0.1.0";

export function isCniVersion(text: unknown): text is CniVersion {
  return cniVersions.some((version) => version === text);
}

/** True when a version is another one or came later. */
export function isCniSince(version: CniVersion, since: CniVersion): boolean {
  return cniVersions.indexOf(version) >= cniVersions.indexOf(since);
}
