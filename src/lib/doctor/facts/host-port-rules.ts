import { findExecutable } from "../../system/executable";
import { runProgram } from "../../system/run-program";
import type { Facts } from "../facts";

/** A rule of the host that leads a port to a pod. */
export interface HostPortRule {
  /** `iptables` or `ip6tables`. */
  readonly program: string;
  /** The rule in the chain that all ports go through, as iptables-save prints it. */
  readonly rule: string;
  /** The chain of the port, to which that leads. */
  readonly chain: string;
  readonly port: string;
  /** By the comment of CNI's portmap: whose it is, in which network. */
  readonly container: { readonly id: string; readonly network: string } | undefined;
  /** By the comment of CRI-O's own: the name of the pod and its namespace, `POD_NAMESPACE`. */
  readonly pod: string | undefined;
}

/**
 * The rules that lead ports of the host to pods: those of CNI's portmap, and of CRI-O itself.
 * @param unsure is told where they cannot be read
 */
export async function hostPortRules(
  { server }: Facts,
  unsure: (why: string) => void,
): Promise<readonly HostPortRule[]> {
  const found: HostPortRule[] = [];
  for (const program of ["iptables", "ip6tables"]) {
    const path = findExecutable("", `${program}-save`);
    // Where there is none, nobody has made rules by it.
    if (path === undefined) continue;
    const { failed, stdout, stderr } = await runProgram(path, ["-t", "nat"], {
      interrupted: "the look at the rules was interrupted",
      signal: undefined,
      logger: server.logger,
    });
    if (failed) unsure(`${program}-save does not tell the rules: ${stderr.split("\n")[0] ?? ""}`);
    else found.push(...stdout.split("\n").flatMap((line) => ruleIn(program, line) ?? []));
  }
  return found;
}

/** Reads a line of iptables-save. */
export function ruleIn(program: string, line: string): HostPortRule | undefined {
  const [, rule, chain] =
    /^-A ((?:CNI-HOSTPORT-DNAT|KUBE-HOSTPORTS) .*-j ((?:CNI-DN|KUBE-HP)-[0-9A-Za-z]+))$/.exec(line) ?? [];
  if (rule === undefined || chain === undefined) return undefined;
  const port = /--dports? (\d+)/.exec(rule)?.[1] ?? "";
  const [, network, id] = /--comment "dnat name: \\"(.*?)\\" id: \\"(.*?)\\""/.exec(rule) ?? [];
  const pod = /--comment "(\S+_\S+) hostport \d+"/.exec(rule)?.[1];
  const container = id === undefined || network === undefined ? undefined : { id, network };
  return { program, rule, chain, port, container, pod };
}
