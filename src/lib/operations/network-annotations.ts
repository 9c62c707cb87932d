import { isSince, type Config } from "../config";
import type { CniVersion } from "../network/cni-version";
import { addressesOfResult, resultAs, type CniResult } from "../network/result";
import { annotations } from "../oci/annotations";

/**
 * What CRI-O persists of a pod's networks in the annotations of its infra container: what the first one says of the pod.
 * The others stand in libcni's cache alone.
 */
export function networkAnnotations(
  config: Pick<Config, "crio">,
  results: readonly CniResult[],
): Record<string, string> {
  const [first] = results;
  if (first === undefined) return {};
  const [address] = addressesOfResult(first);
  return {
    [annotations.cniResult]: JSON.stringify(resultAs(first, resultVersion(config))),
    ...(address === undefined ? {} : { [annotations.ip]: address }),
  };
}

/** The newest version of CNI that the libcni of CRI-O knows. */
function resultVersion({ crio }: Pick<Config, "crio">): CniVersion {
  if (crio?.known !== true || isSince(crio.version, [1, 31, 0])) return "1.1.0";
  return isSince(crio.version, [1, 23, 0]) ? "1.0.0" : "0.4.0";
}

/** What is persisted of a pod's addresses in the annotations of its containers. */
export function addressAnnotations(addresses: readonly string[]): Record<string, string> {
  const [first] = addresses;
  if (first === undefined) return {};
  const numbered = addresses.map((address, at) => [`${annotations.ip}.${at}`, address] as const);
  return { [annotations.ip]: first, ...Object.fromEntries(numbered) };
}

/** True for an annotation that tells an address, or all that a network has said. */
function isOfNetwork(key: string): boolean {
  const { ip, cniResult } = annotations;
  return (
    key === ip || key === cniResult || (key.startsWith(`${ip}.`) && /^\d+$/.test(key.slice(ip.length + 1)))
  );
}

/**
 * Puts what a network says now in the place of what it said before. Who wrote the annotations knew which of them the
 * node's CRI-O reads: of those that tell the same in several ways no others are added.
 */
export function replaceNetworkAnnotations(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const entries = Object.entries(before);
  const had = entries.filter(([key]) => isOfNetwork(key)).map(([key]) => kindOf(key));
  const kept = entries.filter(([key]) => !isOfNetwork(key));
  const added = Object.entries(now).filter(([key]) => had.length === 0 || had.includes(kindOf(key)));
  return Object.fromEntries([...kept, ...added]);
}

/** The numbered addresses are one kind. */
function kindOf(key: string): string {
  return key.replace(/\.\d+$/, ".N");
}
