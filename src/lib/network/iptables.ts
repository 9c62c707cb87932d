import { KpodError } from "../errors";
import type { Logger } from "../logger";
import { findExecutable } from "../system/executable";
import { askProgram, firstLine, type ProgramResult } from "../system/ask-program";

/** The programs of the two families of addresses. */
export const iptablesPrograms = ["iptables", "ip6tables"] as const;

/** `iptables` or `ip6tables`. */
export type IptablesProgram = (typeof iptablesPrograms)[number];

/** A table of rules of one family of addresses. */
export interface IptablesTable {
  readonly program: IptablesProgram;
  readonly table: "filter" | "nat";
  /** Path of the network namespace that has it; left out, the one that kpod is in. */
  readonly namespace?: string;
}

/**
 * The lines that iptables-save prints of a table. None where there is no iptables: then nobody has made rules by it.
 * @throws KpodError IO where they cannot be read; INTERRUPTED
 */
export async function readTable(
  { program, table, namespace }: IptablesTable,
  logger: Logger,
): Promise<string[]> {
  const path = findExecutable("", `${program}-save`);
  if (path === undefined) return [];
  const { failed, stdout, stderr } = await askInNetwork(namespace, [path, "-t", table], {
    interrupted: "the look at the rules was interrupted",
    logger,
  });
  if (!failed) return stdout.split("\n");
  throw new KpodError("IO", `${program}-save does not tell the rules: ${firstLine(stderr)}`);
}

/**
 * Removes rules and chains from a table, all or none.
 * @param changes in the words of iptables-restore: `-X CHAIN`
 * @param chain what goes, as the error names it
 * @throws KpodError IO where that is refused; INTERRUPTED
 */
export async function removeFromTable(
  { program, table, namespace }: IptablesTable,
  { chain, changes }: { readonly chain: string; readonly changes: readonly string[] },
  logger: Logger,
): Promise<void> {
  const path = findExecutable("", `${program}-restore`) ?? `${program}-restore`;
  const { failed, stderr } = await askInNetwork(namespace, [path, "-w", "5", "--noflush"], {
    interrupted: "the change of the rules was interrupted",
    logger,
    input: `*${table}\n${changes.join("\n")}\nCOMMIT\n`,
  });
  if (failed)
    throw new KpodError(
      "IO",
      `${program}-restore refuses to delete the chain ${chain}: ${firstLine(stderr)}`,
    );
}

/**
 * Has a program tell what it knows, in a network namespace.
 * @param namespace its path; undefined for the one that kpod is in
 * @throws KpodError INTERRUPTED
 */
export async function askInNetwork(
  namespace: string | undefined,
  words: readonly string[],
  call: { readonly interrupted: string; readonly logger: Logger; readonly input?: string },
): Promise<ProgramResult> {
  const [program = "", ...rest] =
    namespace === undefined ? words : ["nsenter", `--net=${namespace}`, "--", ...words];
  return askProgram(program, rest, { ...call, signal: undefined });
}
