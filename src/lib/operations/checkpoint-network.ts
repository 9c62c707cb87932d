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
import {
  askInNetwork,
  iptablesPrograms,
  readTable,
  removeFromTable,
  type IptablesProgram,
} from "../network/iptables";
import { firstLine } from "../system/run-program";

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
  const unlocks = [
    ...iptablesPrograms.map((program) => () => unlockByIptables(program, path, logger)),
    () => unlockByNft(path, logger),
  ];
  for (const unlock of unlocks) {
    try {
      await unlock();
    } catch (error) {
      if (!(error instanceof KpodError) || error.code === "INTERRUPTED") throw error;
      logger.warn(`the network of ${container.name} stays as criu has locked it: ${error.message}`);
    }
  }
}

async function unlockByIptables(program: IptablesProgram, namespace: string, logger: Logger): Promise<void> {
  // By ip6tables criu has not locked where the kernel has no IPv6, and that one fails.
  if (program === "ip6tables" && !existsSync("/proc/sys/net/ipv6")) return;
  const table = { program, table: "filter", namespace } as const;
  const lines = await readTable(table, logger);
  if (!lines.some((line) => line.startsWith(":CRIU "))) return;
  const jumps = lines.filter((line) => /^-A (?:INPUT|OUTPUT) -j CRIU$/.test(line));
  const changes = [...jumps.map((line) => line.replace("-A", "-D")), "-F CRIU", "-X CRIU"];
  await removeFromTable(table, { chain: "CRIU", changes }, logger);
}

/** Newer versions of criu. */
async function unlockByNft(namespace: string, logger: Logger): Promise<void> {
  const nft = findExecutable("", "nft");
  if (nft === undefined) return;
  const ask = async (...words: string[]): Promise<string> => {
    const { failed, stdout, stderr } = await askInNetwork(namespace, [nft, ...words], {
      interrupted: "unlocking the network was interrupted",
      logger,
    });
    if (failed) throw new KpodError("NETWORK_FAILED", `nft ${words.join(" ")} failed: ${firstLine(stderr)}`);
    return stdout;
  };
  const tables = (await ask("list", "tables")).matchAll(/^table inet (CRIU-\d+)$/gm);
  for (const [, table = ""] of tables) await ask("delete", "table", "inet", table);
}
