import { annotations } from "../oci/annotations";
import { tolerate } from "../errors";
import { isRecord, parseJson } from "../system/files";

/**
 * The IP addresses that CRI-O persisted in the annotations of a spec: what the network plugin gave to the pod (its
 * infra container, since 1.12), the numbered ones of a container, or the single one of CRI-O 1.0. None with the
 * host's network.
 */
export function persistedAddresses(persisted: Readonly<Record<string, string>>): string[] {
  const plugin = addressesOfResult(persisted[annotations.cniResult]);
  if (plugin.length > 0) return plugin;
  const numbered = numberedAddresses(persisted);
  if (numbered.length > 0) return numbered;
  const single = persisted[annotations.ip] ?? "";
  return single === "" ? [] : [single];
}

function numberedAddresses(persisted: Readonly<Record<string, string>>): string[] {
  const addresses: string[] = [];
  for (let number = 0; ; number++) {
    const address = persisted[`${annotations.ip}.${number}`];
    if (address === undefined) return addresses;
    if (address !== "") addresses.push(address);
  }
}

/** The addresses of a CNI result, without the length of their network: `ips` since version 0.3, before `ip4` and `ip6`. */
function addressesOfResult(text: string | undefined): string[] {
  const result = parseResult(text);
  if (!isRecord(result)) return [];
  const listed = Array.isArray(result.ips)
    ? result.ips.map((entry: unknown) => (isRecord(entry) ? entry.address : undefined))
    : [result.ip4, result.ip6].map((entry) => (isRecord(entry) ? entry.ip : undefined));
  return listed.flatMap((address) => (typeof address === "string" ? address.replace(/\/.*$/, "") : []));
}

function parseResult(text: string | undefined): unknown {
  if (text === undefined || text === "") return undefined;
  // The addresses stand elsewhere too; a broken result of the plugin is no reason to show nothing of the pod.
  return tolerate(undefined, () => parseJson(annotations.cniResult, text));
}
