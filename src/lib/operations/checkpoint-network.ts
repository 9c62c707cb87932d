/*
 * The lock of a network: while criu writes down or restores connections, no packet may come in or go out of their network
 * namespace. Where it has ended the processes it leaves it locked, for the namespace mostly goes with them. That of a pod
 * stays; and in one that is locked, criu locks once more when it restores, and then fails to unlock, without a word.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ifThere, KpodError, tolerate } from "../errors";
import type { Logger } from "../logger";
import { isStorageId } from "../names/ids";
import {
  askInNetwork,
  iptablesPrograms,
  readTable,
  removeFromTable,
  type IptablesProgram,
} from "../network/iptables";
import { containerInWords, type Container } from "../oci/container";
import type { ServerView } from "../server-parts";
import { findExecutable } from "../system/executable";
import {
  fileLimits,
  makeDirectories,
  namesInDirectory,
  readTextIfThere,
  removeIfThere,
  writeFileAtomic,
} from "../system/files";
import { firstLine } from "../system/ask-program";

/** What of a server the lock of a network takes. */
type LockServer = Pick<ServerView, "logger" | "lists" | "store">;

/** What of a container leads to its network. */
type Networked = Pick<Container, "id" | "name" | "metadata" | "sandboxId" | "spec">;

/** In the bundle of a pod a file for each container for whose connections its network is locked, with the inode of that. */
const locksName = "kpod-network-locks";

/**
 * Has criu lock the network of a container's pod for the connections of this one, and nobody unlock it for another container.
 * @param dump where it fails, it is locked for this one no more
 * @throws KpodError IO; what the dump throws
 */
export async function keepNetworkLocked(
  server: LockServer,
  container: Networked,
  dump: () => Promise<void>,
): Promise<void> {
  const network = networkOf(container);
  const directory = locksDirectory(server, container);
  if (network === undefined || directory === undefined) return dump();
  const path = join(directory, container.id);
  makeDirectories(directory);
  writeFileAtomic(path, network.inode, 0o644);
  try {
    await dump();
  } catch (error) {
    removeIfThere(path);
    throw error;
  }
}

/** Says that others have no network. Unlocked, the kernel would refuse what comes for connections that nobody has any more, and so end them. */
export function tellOfLock({ lists, logger }: LockServer, container: Container): void {
  const sandbox = lists.getSandbox(container.sandboxId);
  if (sandbox === undefined || sandbox.hostNetwork || sandbox.containers().length < 2) return;
  logger.warn(`pod ${sandbox.kubeName} has no network, ${untilReleased(containerInWords(container))}`);
}

/**
 * Removes the lock of criu from the network of a container's pod: its rules of iptables, and its tables of nftables. None is fine,
 * and one that stays is a warning. The node's own network is left alone, in which criu locks connections one by one; and so
 * is one that is locked for the connections of another container, which the kernel would end.
 * @param options.ends true for a container that needs no network any more
 */
export async function unlockNetwork(
  server: LockServer,
  container: Networked,
  { ends = false }: { readonly ends?: boolean } = {},
): Promise<void> {
  const { logger } = server;
  const network = networkOf(container);
  if (network === undefined) return;
  const { path } = network;
  const directory = locksDirectory(server, container);
  if (directory !== undefined) removeIfThere(join(directory, container.id));
  const holder = directory && holderOf(server.store, directory, network.inode);
  if (holder !== undefined) {
    if (!ends) logger.warn(`${containerInWords(container)} has no network, ${untilReleased(holder)}`);
    return;
  }
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

/** Why a network is locked, and how long. @param holder the container in words */
function untilReleased(holder: string): string {
  return `so that connections are kept, until ${holder} is restored, started or removed`;
}

/** The network namespace of a container; undefined for that of the node, and for one that is gone. */
function networkOf(container: Networked): { path: string; inode: string } | undefined {
  const namespaces = tolerate([], () => container.spec.linux?.namespaces ?? []);
  const path = namespaces.find(({ type }) => type === "network")?.path ?? "";
  const stat = path === "" ? undefined : ifThere(() => statSync(path), "ELOOP", "ENAMETOOLONG");
  return stat === undefined ? undefined : { path, inode: String(stat.ino) };
}

/** Undefined also for what has no id of a record, by which no file may be called. */
function locksDirectory({ lists }: LockServer, { id, sandboxId }: Networked): string | undefined {
  if (!isStorageId(id)) return undefined;
  const bundle = lists.getSandbox(sandboxId)?.infraContainer.bundlePath;
  return bundle === undefined || !existsSync(bundle) ? undefined : join(bundle, locksName);
}

/** A container for which a network is locked, in words: one that is there still, in this very namespace. */
function holderOf(store: LockServer["store"], directory: string, inode: string): string | undefined {
  const id = namesInDirectory(directory).find(
    (name) =>
      isStorageId(name) &&
      existsSync(store.runUserdataDirectory(name)) &&
      readTextIfThere(join(directory, name), fileLimits.word) === inode,
  );
  return id === undefined ? undefined : `container ${id.slice(0, 13)}`;
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
