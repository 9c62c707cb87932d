import { UsageError } from "../../shell/errors";
import type { FlagValues } from "../../shell/flags";
import type { PodOptions } from "../../lib/launch/plan-pod";
import type { PodNetwork } from "../../lib/launch/plan-network";
import type { PortMapping } from "../../lib/sandbox/sandbox";
import { readKeyValues } from "./flag-values";
import { networkFlags } from "./network-flags";

type NetworkFlags = FlagValues<typeof networkFlags>;

/** How a new pod is connected. @throws UsageError */
export function readNetworkFlags(
  flags: NetworkFlags,
): Pick<PodOptions, "network" | "portMappings" | "ips" | "mac" | "dns" | "hostAliases" | "sysctls"> {
  return {
    ...(flags.network === undefined ? {} : { network: readNetwork(flags.network) }),
    portMappings: flags.publish.flatMap(readPublish),
    ips: flags.ip,
    ...(flags.mac === undefined ? {} : { mac: flags.mac }),
    dns: { servers: flags.dns, searches: flags.dnsSearch, options: flags.dnsOption },
    hostAliases: flags.addHost.map(readHost),
    sysctls: readSysctls(flags.sysctl),
  };
}

/** The flags of a new pod that are given where none is made. */
export function givenNetworkFlags(flags: NetworkFlags): string[] {
  const names = Object.keys(networkFlags) as (keyof typeof networkFlags)[];
  return names.filter((name) => {
    const value = flags[name.replace(/-./, (part) => part.charAt(1).toUpperCase()) as keyof NetworkFlags];
    return typeof value === "string" || (value !== undefined && value.length > 0);
  });
}

/** Reads the flag `network`. @throws UsageError */
export function readNetwork(text: string): PodNetwork {
  if (text === "cni" || text === "host" || text === "none") return text;
  const names = text.split(",");
  if (names.includes("")) throw new UsageError(`option --network: ${JSON.stringify(text)} has an empty name`);
  const alone = names.find((name) => name === "host" || name === "none" || name === "cni");
  if (alone !== undefined) throw new UsageError(`option --network: ${alone} cannot be given with others`);
  return names;
}

const publishForm = /^(?:(\[[0-9a-fA-F:.]+\]|[0-9.]+):)?(\d+)(?:-(\d+))?:(\d+)(?:-(\d+))?(?:\/(\w+))?$/;

/** Reads `[IP:]HOST[-HOST]:CTR[-CTR][/PROTOCOL]`. @throws UsageError */
function readPublish(text: string): PortMapping[] {
  const bad = (why: string): UsageError => new UsageError(`option --publish: ${JSON.stringify(text)} ${why}`);
  const [, address = "", host = "", hostEnd = host, container = "", containerEnd = container, word = "tcp"] =
    publishForm.exec(text) ?? [];
  if (host === "") throw bad("is not [IP:]HOST[-HOST]:CTR[-CTR][/PROTOCOL], with an IPv6 address in []");
  const protocol = word.toLowerCase();
  if (!["tcp", "udp", "sctp"].includes(protocol))
    throw bad(`has the protocol ${word}: it must be tcp, udp or sctp`);
  const [first, last, from, to] = [host, hostEnd, container, containerEnd].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  if ([first, last, from, to].some((port) => port < 1 || port > 65535))
    throw bad("has a port that is not within 1 to 65535");
  if (last < first || to < from) throw bad("has a range that ends before it begins");
  if (last - first !== to - from) throw bad("has ranges of different lengths");
  const hostIp = address.replace(/^\[|\]$/g, "");
  return Array.from({ length: last - first + 1 }, (_, at) => ({
    hostPort: first + at,
    containerPort: from + at,
    protocol,
    hostIp,
  }));
}

function readHost(text: string): { ip: string; hostnames: string[] } {
  const [, name = "", ip = ""] = /^([^:]+):\[?([^[\]]+)\]?$/.exec(text) ?? [];
  if (name === "") throw new UsageError(`option --add-host: ${JSON.stringify(text)} is not NAME:IP`);
  return { ip, hostnames: [name] };
}

function readSysctls(entries: readonly string[]): Record<string, string> {
  const bare = entries.find((entry) => !/^[^=]+=./.test(entry));
  if (bare !== undefined) throw new UsageError(`option --sysctl: ${JSON.stringify(bare)} is not NAME=VALUE`);
  return readKeyValues("sysctl", entries);
}
