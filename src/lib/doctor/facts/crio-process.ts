import { basename, dirname, join } from "node:path";
import { fileLimits, readTextIfThere } from "../../system/files";
import { realPath } from "../../system/mount";
import { allProcesses, openFileLinks, processLink } from "../../system/process";
import type { Facts } from "../facts";

/** The process that listens on the socket of the configuration: the CRI-O of this store, and no other; undefined for none. */
export function crioProcess(facts: Facts): number | undefined {
  const { listen } = facts.server.config;
  const inodes = listen.startsWith("/") ? listeningInodes(listen) : new Set<string>();
  if (inodes.size === 0) return undefined;
  const processes = facts.get(allProcesses);
  // The one that is called so is looked at first: of the others there are thousands.
  const sorted = [
    ...processes.filter(({ name }) => name === "crio"),
    ...processes.filter(({ name, isOfKernel }) => name !== "crio" && !isOfKernel),
  ];
  return sorted.find(({ pid }) => hasSocket(pid, inodes))?.pid;
}

/** The sockets that take connections at a path, as /proc/net/unix lists them. */
function listeningInodes(path: string): ReadonlySet<string> {
  const paths = new Set([path, join(realPath(dirname(path)), basename(path))]);
  const text = readTextIfThere("/proc/net/unix", fileLimits.records) ?? "";
  return new Set(
    text.split("\n").flatMap((line) => {
      // Num RefCount Protocol Flags Type St Inode Path; 00010000 is that of who listens.
      const [, , , flags, , , inode = "", ...where] = line.trim().split(/\s+/);
      return flags === "00010000" && paths.has(where.join(" ")) ? [inode] : [];
    }),
  );
}

function hasSocket(pid: number, inodes: ReadonlySet<string>): boolean {
  return openFileLinks(pid).some((link) => {
    const inode = /^socket:\[(\d+)\]$/.exec(processLink(pid, link) ?? "")?.[1];
    return inode !== undefined && inodes.has(inode);
  });
}
