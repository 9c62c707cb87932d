import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { iptablesPrograms, readTable, removeFromTable, type IptablesProgram } from "./iptables";

/** Rules of iptables that lead ports of the host to one chain, which leads on to a pod. */
export interface IptablesPorts {
  readonly program: IptablesProgram;
  /** The rules in the chain that all ports go through, as iptables-save prints them: one for each protocol. */
  readonly rules: readonly string[];
  /** The chain to which those lead. */
  readonly chain: string;
  readonly ports: readonly string[];
  /** By the comment of CNI's portmap: whose it is, in which network. */
  readonly container: { readonly id: string; readonly network: string } | undefined;
  /** By the comment of CRI-O's own: the name of the pod and its namespace, `POD_NAMESPACE`. */
  readonly pod: string | undefined;
}

/** What is deleted of them. */
export type IptablesTarget = Pick<IptablesPorts, "program" | "rules" | "chain">;

/**
 * The rules that lead ports of the host to pods: those of CNI's portmap, and of CRI-O itself. None where there is no
 * iptables: then nobody has made rules by it.
 * @throws KpodError IO where they cannot be read
 */
export async function readIptablesPorts(program: IptablesProgram, logger: Logger): Promise<IptablesPorts[]> {
  const lines = await readTable({ program, table: "nat" }, logger);
  const found = new Map<string, IptablesPorts>();
  for (const line of lines) {
    const ports = portsIn(program, line);
    if (ports === undefined) continue;
    const known = found.get(ports.chain);
    found.set(ports.chain, known === undefined ? ports : joined(known, ports));
  }
  return [...found.values()];
}

function joined(first: IptablesPorts, second: IptablesPorts): IptablesPorts {
  return {
    ...first,
    rules: [...first.rules, ...second.rules],
    ports: [...new Set([...first.ports, ...second.ports])],
  };
}

function portsIn(program: IptablesProgram, line: string): IptablesPorts | undefined {
  const [, rule, chain] =
    /^-A ((?:CNI-HOSTPORT-DNAT|KUBE-HOSTPORTS) .*-j ((?:CNI-DN|KUBE-HP)-[0-9A-Za-z]+))$/.exec(line) ?? [];
  if (rule === undefined || chain === undefined) return undefined;
  const ports = (/--dports? ([\d,]+)/.exec(rule)?.[1] ?? "").split(",").filter((port) => port !== "");
  const [, network, id] = /--comment "dnat name: \\"(.*?)\\" id: \\"(.*?)\\""/.exec(rule) ?? [];
  const pod = /--comment "(\S+_\S+) hostport \d+"/.exec(rule)?.[1];
  const container = id === undefined || network === undefined ? undefined : { id, network };
  return { program, rules: [rule], chain, ports, container, pod };
}

/**
 * Deletes such rules with their chain, all or none: those that are there as they are named.
 * @throws KpodError IO, CORRUPT for what is no such rule
 */
export async function deleteIptablesPorts(
  { program, rules, chain }: IptablesTarget,
  logger: Logger,
): Promise<void> {
  const named = rules.map((rule) => portsIn(program, `-A ${rule}`));
  if (!iptablesPrograms.includes(program) || named.some((ports) => ports?.chain !== chain))
    throw new KpodError("CORRUPT", `${JSON.stringify(chain)} is no chain of a port of the host`);
  const lines = await readTable({ program, table: "nat" }, logger);
  const there = rules.filter((rule) => lines.includes(`-A ${rule}`));
  const changes = [
    ...there.map((rule) => `-D ${rule}`),
    ...(lines.some((line) => line.startsWith(`:${chain} `)) ? [`-F ${chain}`, `-X ${chain}`] : []),
  ];
  if (changes.length === 0) return;
  await removeFromTable({ program, table: "nat" }, { chain, changes }, logger);
}
