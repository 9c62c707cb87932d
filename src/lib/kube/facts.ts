import { availableParallelism, hostname, networkInterfaces, totalmem } from "node:os";

/** What a container can ask of its pod that is known only once that is made. */
export interface PodFacts {
  readonly uid: string;
  readonly ips: readonly string[];
}

/** What it can ask of the node. */
export interface NodeFacts {
  readonly name: string;
  /** Its addresses in the network, those of IPv4 first. */
  readonly ips: readonly string[];
  readonly processors: number;
  /** Bytes. */
  readonly memory: number;
}

/** A value of a container that is told by its file, or by the pod once that is there. */
export type LateText = string | ((pod: PodFacts) => string);

/** The text of such a value. */
export function textOf(value: LateText, pod: PodFacts): string {
  return typeof value === "string" ? value : value(pod);
}

/** What there is to know of the node. */
export function nodeFacts(): NodeFacts {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
  const of = (family: string): string[] =>
    addresses.filter((each) => each.family === family).map((each) => each.address);
  return {
    name: hostname().toLowerCase(),
    ips: [...of("IPv4"), ...of("IPv6")],
    processors: availableParallelism(),
    memory: totalmem(),
  };
}
