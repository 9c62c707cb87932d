import { closeSync, existsSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describeErrno, errnoOf, errorMessage, fileError, isNotFound, KpodError } from "../errors";
import type { Sandbox } from "../sandbox/sandbox";
import type { ServerView } from "../server-parts";
import { isAlive } from "../system/process";
import {
  connectToLoopback,
  joinConnections,
  listen,
  type ListenAddress,
  type Listener,
} from "../network/forward";
import { enterNetworkNamespace, openNetworkNamespace } from "../system/network-namespace";

/** A port of the node that leads to one of a pod. */
export interface PortForward {
  /** 0 for any that is free. */
  readonly local: number;
  readonly remote: number;
}

/** What of a pod is forwarded where, and who is told. */
export interface PortForwardOptions {
  readonly forwards: readonly PortForward[];
  /** The addresses of the node to listen on, each with all ports; 127.0.0.1 when left out. */
  readonly addresses?: readonly string[] | undefined;
  /** Is called once for each address and port when all of them are listened on. */
  readonly onListening?: ((address: ListenAddress, remote: number) => void) | undefined;
  /** Is told of a connection that cannot be handed on, or breaks; the others go on. */
  readonly onFailure?: ((error: KpodError) => void) | undefined;
  /** Ends the forwarding. */
  readonly signal: AbortSignal;
}

/** Milliseconds between looks whether a pod is still there. */
const lookInterval = 500;

/**
 * Listens on ports of the node, and hands each connection on to a port of a pod, as CRI-O does it for the kubelet: to who
 * listens there on 127.0.0.1 or ::1. Nothing of the pod is executed, and CRI-O is not asked.
 *
 * For as long as this lasts this thread is in the network namespace of the pod, so that a program which has other things
 * to do on networks does it in a process of its own. Sockets that were made before stay where they are.
 * @throws KpodError BAD_STATE when the pod is not ready, and when it has ended; CONFLICT for a port of the node that is
 * taken, BAD_ARGUMENT for an address that the node has not; CORRUPT, NOT_PERMITTED, IO; the reason of the signal
 */
export async function forwardPorts(
  server: Pick<ServerView, "runtime" | "logger">,
  sandbox: Sandbox,
  options: PortForwardOptions,
): Promise<never> {
  const { addresses = ["127.0.0.1"], forwards, onListening, signal } = options;
  await server.runtime.updateStatus(sandbox.infraContainer);
  if (sandbox.state !== "Ready") {
    throw new KpodError("BAD_STATE", `cannot forward ports of pod ${sandbox.kubeName}: it is not ready`);
  }
  const namespace = openNamespaceOf(sandbox);
  const connections = handOnConnections(server, sandbox, options);
  const listening: { readonly listener: Listener; readonly remote: number }[] = [];
  let leave: (() => void) | undefined;
  try {
    for (const { local, remote } of forwards) {
      const made = await listenOnAll(addresses, local, (client) => {
        connections.take(client, remote);
      });
      listening.push(...made.map((listener) => ({ listener, remote })));
    }
    // From here on nobody can listen on the node any more, and everybody connect in the pod.
    if (namespace !== undefined) leave = enterNamespaceOf(sandbox, namespace);
    connections.begin();
    for (const { listener, remote } of listening) onListening?.(listener.address, remote);
    await podEnd(sandbox, signal);
    throw new KpodError("BAD_STATE", `pod ${sandbox.kubeName} has ended`);
  } finally {
    for (const { listener } of listening) listener.close();
    connections.end();
    leave?.();
    if (namespace !== undefined) closeSync(namespace);
  }
}

/** The network namespace of a pod; undefined where that is the node's. @throws KpodError BAD_STATE, NOT_PERMITTED, IO */
function openNamespaceOf(sandbox: Sandbox): number | undefined {
  const { infraContainer } = sandbox;
  const own = infraContainer.spec.linux?.namespaces?.find(({ type }) => type === "network");
  if (own === undefined) return undefined;
  // Those that CRI-O did not pin, before 1.18, are those of the infra container's process.
  const { path: pin = "" } = own;
  const path = pin === "" ? `/proc/${processOf(sandbox).pid}/ns/net` : pin;
  try {
    const namespace = openNetworkNamespace(path);
    // The pid could be somebody else's by now; what was opened stays what it is.
    if (pin !== "" || isAlive(processOf(sandbox))) return namespace;
    closeSync(namespace);
  } catch (error) {
    if (!isNotFound(error)) throw fileError(`cannot enter the network of pod ${sandbox.kubeName}`, error);
  }
  throw namespaceGone(sandbox, path);
}

/** @throws KpodError BAD_STATE, NOT_PERMITTED, IO */
function enterNamespaceOf(sandbox: Sandbox, namespace: number): () => void {
  try {
    return enterNetworkNamespace(namespace);
  } catch (error) {
    // A file on which nothing is mounted any more.
    if (errnoOf(error) === "EINVAL") throw namespaceGone(sandbox, sandbox.namespacePath("network"));
    throw fileError(`cannot enter the network of pod ${sandbox.kubeName}`, error);
  }
}

function namespaceGone({ kubeName }: Sandbox, path: string): KpodError {
  return new KpodError(
    "BAD_STATE",
    `the network namespace of pod ${kubeName} is gone: there is none at ${path}`,
  );
}

/** How often a free port is looked for that is free on all addresses. */
const mostAttempts = 10;

/** Listens on one port of several addresses. @throws KpodError as `listen` */
async function listenOnAll(
  addresses: readonly string[],
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<Listener[]> {
  for (let attempt = 1; ; attempt++) {
    const made: Listener[] = [];
    try {
      for (const host of addresses)
        made.push(await listen({ host, port: made[0]?.address.port ?? port }, onConnection));
      return made;
    } catch (error) {
      for (const { close } of made) close();
      // What was free on the first address need not be on the others.
      const another = port === 0 && made.length > 0 && attempt < mostAttempts;
      if (!another || !(error instanceof KpodError) || error.code !== "CONFLICT") throw error;
    }
  }
}

/** The connections that come, and those into the pod. */
interface Connections {
  /** Takes one; it is handed on as soon as that has begun. */
  readonly take: (client: Socket, remote: number) => void;
  readonly begin: () => void;
  /** Ends all. */
  readonly end: () => void;
}

function handOnConnections(
  { logger }: Pick<ServerView, "logger">,
  { kubeName }: Sandbox,
  { onFailure }: Pick<PortForwardOptions, "onFailure">,
): Connections {
  const sockets = new Set<Socket>();
  let ended = false;
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const keep = (socket: Socket): void => {
    if (ended) socket.destroy();
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // One that breaks before it is joined is closed, which is all that is to be done.
    socket.on("error", () => {});
  };
  const handOn = async (client: Socket, remote: number): Promise<void> => {
    await begun;
    try {
      const inner = await connectToLoopback(remote, keep);
      joinConnections(client, inner, (error) => {
        logger.debug(`a connection to port ${remote} of pod ${kubeName} broke: ${errorMessage(error)}`);
      });
    } catch (error) {
      if (!ended) onFailure?.(connectError(kubeName, remote, error));
      client.resetAndDestroy();
    }
  };
  return {
    take(client, remote) {
      keep(client);
      void handOn(client, remote);
    },
    begin,
    end() {
      ended = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

function connectError(pod: string, port: number, error: unknown): KpodError {
  const why =
    errnoOf(error) === "ECONNREFUSED"
      ? "nothing listens on it at 127.0.0.1 or ::1 there"
      : describeErrno(error);
  return new KpodError("IO", `cannot connect to port ${port} of pod ${pod}: ${why}`, { cause: error });
}

/** Waits for the end of a pod. @throws the reason of the signal */
async function podEnd(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  while (isThere(sandbox)) {
    await sleep(lookInterval, undefined, { signal }).catch(() => {
      signal.throwIfAborted();
    });
  }
}

/** By the process that keeps its namespaces, and by what is persisted where it needs none. */
function isThere(sandbox: Sandbox): boolean {
  if (sandbox.isMarkedStopped) return false;
  const process = processOf(sandbox);
  return process.pid > 0 ? isAlive(process) : existsSync(sandbox.infraContainer.bundlePath);
}

function processOf({ infraContainer }: Sandbox): { pid: number; startTime: string | undefined } {
  const { pid = 0, initPid, initStartTime } = infraContainer.state ?? {};
  return { pid, startTime: pid === initPid ? initStartTime : undefined };
}
