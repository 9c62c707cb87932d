/*
 * Connections handed on from one place to another, byte for byte, where it does not matter to anybody what is in them.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { errnoOf, errorMessage, KpodError } from "../errors";

/** An address and a port to listen on. */
export interface ListenAddress {
  /** Of IPv4 or IPv6, no name. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

/** An address with its port, as users write both. */
export function addressText({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Listens for connections; each waits, unread, for what becomes of it. */
export interface Listener {
  readonly address: ListenAddress;
  readonly close: () => void;
}

/**
 * Listens.
 * @param onConnection is given a connection that nobody has read from, and of which either direction ends by itself
 * @throws KpodError CONFLICT where somebody else listens there; BAD_ARGUMENT for an address that this machine has not;
 * NOT_PERMITTED, IO
 */
export async function listen(
  { host, port }: ListenAddress,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(listenError({ host, port }, error));
    });
    server.listen({ host, port, ipv6Only: host.includes(":"), exclusive: true }, resolve);
  });
  return { address: { host, port: portOf(server) }, close: () => server.close() };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function listenError(address: ListenAddress, error: Error): KpodError {
  const where = addressText(address);
  switch (errnoOf(error)) {
    case "EADDRINUSE":
      return new KpodError("CONFLICT", `${where} is taken: a program listens there`, {
        hint: "take another port, or :PORT for any that is free",
        cause: error,
      });
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return new KpodError(
        "BAD_ARGUMENT",
        `cannot listen on ${where}: this machine has no address ${address.host}`,
        {
          cause: error,
        },
      );
    case "EACCES":
      return new KpodError("NOT_PERMITTED", `cannot listen on ${where}: permission denied`, { cause: error });
    default:
      return new KpodError("IO", `cannot listen on ${where}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Who listens on this machine itself, or in the namespace that this thread is in; in the order in which CRI-O asks. */
const loopbackAddresses = ["127.0.0.1", "::1"];

/**
 * Connects to a port of the loopback device.
 * @param onSocket is told of each socket that is tried, to end it before its time
 * @throws the error of the operating system of the first address
 */
export async function connectToLoopback(port: number, onSocket: (socket: Socket) => void): Promise<Socket> {
  const failures: unknown[] = [];
  for (const host of loopbackAddresses) {
    try {
      return await connectTo({ host, port }, onSocket);
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures[0];
}

async function connectTo({ host, port }: ListenAddress, onSocket: (socket: Socket) => void): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  onSocket(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
    // One that is ended from outside says nothing.
    socket.once("close", () => {
      reject(new Error("closed"));
    });
  });
  return socket;
}

/**
 * Hands on all that comes on either of two connections to the other, and the end of each direction by itself. What one of
 * them breaks off, the other breaks off, too: to its reader it must not look like an end.
 * @param onBroken is told why, once
 */
export function joinConnections(a: Socket, b: Socket, onBroken: (error: Error) => void): void {
  let broken = false;
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on("error", (error) => {
      if (!broken) onBroken(error);
      broken = true;
      to.resetAndDestroy();
    });
    from.pipe(to);
  }
}
