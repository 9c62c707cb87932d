/*
 * The lock of a network: while criu writes down or restores connections, no packet may come in or go out of their network
 * namespace. Where it has ended the processes it leaves it locked, for the namespace mostly goes with them. That of a pod
 * stays; and in one that is locked, criu locks once more when it restores, and then fails to unlock, without a word.
 */
import { existsSync } from "node:fs";
import { KpodError, tolerate } from "../errors";
import type { Logger } from "../logger";
import type { Container } from "../oci/container";
import { findExecutable } from "../system/executable";
import { firstLine, runProgram, type ProgramResult } from "../system/run-program";

/**
 * Removes the lock of criu from the network of a container's pod: its rules of iptables, and its tables of nftables. None is fine,
 * and one that stays is a warning. The node's own network is left alone, in which criu locks connections one by one.
 */
export async function unlockNetwork(
  { logger }: { readonly logger: Logger },
  container: Pick<Container, "name" | "spec">,
): Promise<void> {
  const namespaces = tolerate([], () => container.spec.linux?.namespaces ?? []);
  const path = namespaces.find(({ type }) => type === "network")?.path ?? "";
  if (path === "" || !existsSync(path)) return;
  const call: Call = (words, input) =>
    runProgram("nsenter", [`--net=${path}`, "--", ...words], {
      ...{ interrupted: "unlocking the network was interrupted", signal: undefined, logger },
      ...(input === undefined ? {} : { input }),
    });
  for (const unlock of [unlockByIptables("iptables"), unlockByIptables("ip6tables"), unlockByNft]) {
    try {
      await unlock(call);
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      logger.warn(`the network of ${container.name} stays as criu has locked it: ${error.message}`);
    }
  }
}

/** Runs a program in the namespace. */
type Call = (words: readonly string[], input?: string) => Promise<ProgramResult>;

function unlockByIptables(name: "iptables" | "ip6tables"): (call: Call) => Promise<void> {
  return async (call) => {
    const save = findExecutable("", `${name}-save`);
    const restore = findExecutable("", `${name}-restore`);
    // criu locks by them: where they are not, it has not, nor by ip6tables where the kernel has no IPv6, and that one fails.
    if (save === undefined || restore === undefined) return;
    if (name === "ip6tables" && !existsSync("/proc/sys/net/ipv6")) return;
    const lines = outputOf(`${name}-save`, await call([save, "-t", "filter"])).split("\n");
    if (!lines.some((line) => line.startsWith(":CRIU "))) return;
    const jumps = lines.filter((line) => /^-A (?:INPUT|OUTPUT) -j CRIU$/.test(line));
    const rules = [
      "*filter",
      ...jumps.map((line) => line.replace("-A", "-D")),
      "-F CRIU",
      "-X CRIU",
      "COMMIT",
    ];
    outputOf(`${name}-restore`, await call([restore, "-w", "--noflush"], `${rules.join("\n")}\n`));
  };
}

/** Newer versions of criu. */
async function unlockByNft(call: Call): Promise<void> {
  const nft = findExecutable("", "nft");
  if (nft === undefined) return;
  const tables = outputOf("nft list tables", await call([nft, "list", "tables"])).matchAll(
    /^table inet (CRIU-\d+)$/gm,
  );
  for (const [, table = ""] of tables)
    outputOf("nft delete table", await call([nft, "delete", "table", "inet", table]));
}

/** @throws KpodError NETWORK_FAILED */
function outputOf(what: string, { failed, stdout, stderr }: ProgramResult): string {
  if (failed) throw new KpodError("NETWORK_FAILED", `${what} failed: ${firstLine(stderr)}`);
  return stdout;
}
