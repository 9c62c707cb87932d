import { errnoOf, KpodError } from "../errors";

/** A port of the host that leads to one of a container, as the portmap plugin is told (`portMappings`). */
export interface PortEntry {
  readonly hostPort: number;
  readonly containerPort: number;
  /** `tcp`, `udp` or `sctp`. */
  readonly protocol: string;
  /** "" for every address of the host. */
  readonly hostIP: string;
}

/** A port of a pod as plugins are told of it. */
export function entryOf(port: {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIp: string;
}): PortEntry {
  const { hostPort, containerPort, protocol, hostIp } = port;
  return { hostPort, containerPort, protocol, hostIP: hostIp };
}

/** A port as users write it: `8080/tcp`, with an address where it is one's alone. */
export function portText({ hostPort, protocol, hostIP }: PortEntry): string {
  const address = hostIP === "" ? "" : hostIP.includes(":") ? `[${hostIP}]:` : `${hostIP}:`;
  return `${address}${hostPort}/${protocol}`;
}

/** True when two ports of the host cannot lead to two places. */
export function portsClash(a: PortEntry, b: PortEntry): boolean {
  if (a.hostPort !== b.hostPort || a.protocol !== b.protocol) return false;
  return isAny(a.hostIP) || isAny(b.hostIP) || a.hostIP === b.hostIP;
}

function isAny(address: string): boolean {
  return address === "" || address === "0.0.0.0" || address === "::";
}

/**
 * Makes sure that no program of the host listens on a port: what portmap leads away from it, nobody would miss at once.
 * @throws KpodError CONFLICT; BAD_ARGUMENT for an address that the host has not
 */
export async function refuseUsedPort(port: PortEntry): Promise<void> {
  const failure = await bindFailure(port);
  const errno = errnoOf(failure);
  if (failure === undefined || errno === "EAFNOSUPPORT") return;
  if (errno === "EADDRINUSE") {
    throw new KpodError("CONFLICT", `port ${portText(port)} of the host is taken: a program listens on it`, {
      hint: "publish another port, or end that program: ss -lntup shows which",
      cause: failure,
    });
  }
  const known = errno === "EADDRNOTAVAIL" ? "the host has no such address" : failure.message;
  throw new KpodError("BAD_ARGUMENT", `port ${portText(port)} cannot be published: ${known}`, {
    cause: failure,
  });
}

/** Listens for a moment. SCTP, which node does not speak, is left to the kernel. */
async function bindFailure({ protocol, hostIP, hostPort }: PortEntry): Promise<Error | undefined> {
  const host = hostIP === "" ? "0.0.0.0" : hostIP;
  if (protocol === "tcp") {
    const { createServer } = await import("node:net");
    return new Promise((resolve) => {
      const server = createServer();
      server.once("error", resolve);
      server.listen({ host, port: hostPort, exclusive: true }, () => {
        server.close(() => {
          resolve(undefined);
        });
      });
    });
  }
  if (protocol === "udp") {
    const { createSocket } = await import("node:dgram");
    return new Promise((resolve) => {
      const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
      socket.once("error", (error) => {
        socket.close();
        resolve(error);
      });
      socket.bind({ address: host, port: hostPort, exclusive: true }, () => {
        socket.close(() => {
          resolve(undefined);
        });
      });
    });
  }
  return undefined;
}
