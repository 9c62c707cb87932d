import { openSync, readSync } from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";
import { ifThere } from "../../errors";
import type { NetworkList, NetworkPlugin } from "../../network/network-list";
import { findPlugin, missingPlugin } from "../../network/plugin";
import { closing, isRecord } from "../../system/files";
import { httpGet } from "../../system/http-get";
import type { Evidence } from "../finding";

/** Where the daemons of plugins take calls that do nothing by themselves. */
const daemonSockets: Readonly<Record<string, (config: Readonly<Record<string, unknown>>) => string>> = {
  "multus-shim": ({ daemonSocketDir, socketDir }) =>
    join(
      [daemonSocketDir, socketDir].find((value) => typeof value === "string") ?? "/run/multus",
      "multus.sock",
    ),
  "ovn-k8s-cni-overlay": () => "/var/run/ovn-kubernetes/cni/ovn-cni-server.sock",
};

/** Milliseconds that the daemon of a plugin has to take a connection. */
const patience = 1_000;

/** Machines in the header of an ELF file, by the words of Node. */
const machines: Readonly<Record<string, number>> = {
  ia32: 3,
  arm: 40,
  x64: 62,
  arm64: 183,
  ppc64: 21,
  s390x: 22,
  riscv64: 243,
  loong64: 258,
};

/** What keeps the plugins of a network from being called, though CRI-O takes it: what is wrong with each. */
export async function brokenPlugins(
  { file, plugins }: NetworkList,
  pluginDirs: readonly string[],
): Promise<readonly Evidence[]> {
  const evidence: Evidence[] = [];
  for (const plugin of plugins) {
    for (const type of [plugin.type, ...addressPluginOf(plugin)]) {
      const program = findPlugin(type, pluginDirs);
      if (program === undefined) evidence.push({ file, says: missingPlugin(type, pluginDirs).why });
      else {
        const says = whyNoProgram(program);
        if (says !== undefined) evidence.push({ file: program, says });
      }
    }
    const socketPath = daemonSockets[plugin.type]?.(plugin.config);
    if (socketPath !== undefined && (await httpGet({ socketPath }, "/healthz", patience)) === "nobody")
      evidence.push({
        file: socketPath,
        says: `takes no connection: the daemon of ${plugin.type} does not run`,
      });
  }
  return evidence;
}

/** The plugin that gives addresses, which CRI-O does not look for. */
function addressPluginOf({ config: { ipam } }: NetworkPlugin): string[] {
  return isRecord(ipam) && typeof ipam.type === "string" && /^[^/]+$/.test(ipam.type) ? [ipam.type] : [];
}

/** Why the kernel does not execute a file that may be executed, a clause; undefined where it is a program or a script. */
export function whyNoProgram(path: string): string | undefined {
  const head = Buffer.alloc(20);
  const length = ifThere(() => closing(openSync(path, "r"), (fd) => readSync(fd, head)));
  if (length === undefined || head.toString("latin1", 0, 2) === "#!") return undefined;
  if (length === 0) return "is empty, and no program";
  if (length < head.length || head.toString("latin1", 0, 4) !== "\x7fELF") return "is no program";
  const isLittle = head[5] === 1;
  const machine = isLittle ? head.readUInt16LE(18) : head.readUInt16BE(18);
  const own = machines[process.arch];
  // Who is not in the table cannot be judged.
  if (own === undefined || (machine === own && isLittle === (endianness() === "LE"))) return undefined;
  const name = Object.entries(machines).find(([, number]) => number === machine)?.[0];
  return `is a program for another machine (${name ?? `ELF machine ${machine}`}), and not for ${process.arch}`;
}
