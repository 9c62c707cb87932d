import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { CommandContext } from "../../shell/context";
import { UsageError } from "../../shell/errors";
import { addressText } from "../../lib/network/forward";
import { forwardPorts, type PortForward } from "../../lib/operations/port-forward";
import type { command } from "./command";

/** `kpod port-forward`: forwards ports until Ctrl-C, or until the pod has ended. */
export async function run(context: CommandContext<typeof command>): Promise<number> {
  const { args, flags, terminal } = context;
  const [name, ...ports] = args;
  const forwards = ports.map(readForward);
  const taken = forwards.find(
    ({ local }, index) => local !== 0 && forwards.findIndex((other) => other.local === local) !== index,
  );
  if (taken !== undefined) throw new UsageError(`port ${taken.local} of the node is given twice`);
  const addresses = flags.address.flatMap(readAddresses);
  const server = await context.openServer();
  await server.updateRecords([name]);
  return forwardPorts(server, server.lookupSandbox(name, "port-forward"), {
    forwards,
    addresses: addresses.length === 0 ? undefined : [...new Set(addresses)],
    signal: context.signal(),
    onListening(address, remote) {
      terminal.out(`Forwarding from ${addressText(address)} -> ${remote}\n`);
    },
    onFailure: context.reportFailure,
  });
}

/** Reads `[LOCAL:]REMOTE`. @throws UsageError */
function readForward(text: string): PortForward {
  const [, local, remote = "", protocol = "tcp"] = /^(?:(\d*):)?(\d+)(?:\/(\w+))?$/.exec(text) ?? [];
  if (remote === "") {
    throw new UsageError(`${JSON.stringify(text)} is not [LOCAL:]REMOTE, the numbers of two ports`);
  }
  if (protocol.toLowerCase() !== "tcp") {
    throw new UsageError(
      `cannot forward ${JSON.stringify(text)}: only connections of TCP are handed on, and ${protocol.toUpperCase()} is none`,
    );
  }
  const forward = { local: Number(local ?? remote), remote: Number(remote) };
  if (forward.remote < 1 || Math.max(forward.local, forward.remote) > 65_535) {
    throw new UsageError(`${JSON.stringify(text)} has a port that is not within 1 to 65535`);
  }
  return forward;
}

/** Reads the addresses of a flag, with commas between. @throws UsageError */
function readAddresses(text: string): string[] {
  return text.split(",").flatMap((address) => {
    if (address === "localhost") return ["127.0.0.1", ...(hasLoopbackOfIPv6() ? ["::1"] : [])];
    if (isIP(address) !== 0) return [address];
    throw new UsageError(
      `option --address: ${JSON.stringify(address)} is neither an IP address nor localhost`,
    );
  });
}

function hasLoopbackOfIPv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === "::1"),
  );
}
