import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { isAlive } from "../../src/lib/system/process";
import { startProcess } from "./process";
import { startInPty, type PtyProcess } from "./pty";
import { serveSpdy, type SpdyStream } from "./spdy";

/** A pod as it is asked for. */
export interface AskedPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly restartPolicy?: string;
    readonly hostPID?: boolean;
    readonly hostNetwork?: boolean;
    readonly containers: readonly {
      readonly name: string;
      readonly image?: string;
      readonly command?: readonly string[];
      readonly securityContext?: { readonly privileged?: boolean };
    }[];
  };
}

/** What stands in for the API server of a cluster. */
export interface ApiServer {
  readonly url: string;
  /** The pods that were asked for. */
  readonly created: readonly AskedPod[];
  /** The commands that were asked for in them. */
  readonly commands: readonly (readonly string[])[];
  /** The names of pods that were removed again. */
  readonly deleted: readonly string[];
  stop(): Promise<void>;
}

interface Running {
  readonly pod: AskedPod;
  /** Ends what runs in it. */
  readonly kill: Set<() => void>;
}

/**
 * Serves so much of Kubernetes' API as kubectl asks for when it lists nodes and pods, makes and removes a pod, and runs
 * a command in it. What a pod answers is real: its command runs on this machine.
 *
 * @param cluster its nodes and the pods that are there
 * @param run gives the words of a pod's command on a node; undefined where its image cannot be had
 * @param whenAsked is waited for before a pod is made
 */
export async function startApiServer(
  cluster: { readonly nodes: readonly string[]; readonly pods: readonly AskedPod[] },
  run: (node: string, command: readonly string[]) => readonly string[] | undefined,
  whenAsked: () => Promise<void> = () => Promise.resolve(),
): Promise<ApiServer> {
  const created: AskedPod[] = [];
  const commands: string[][] = [];
  const deleted: string[] = [];
  const running = new Map<string, Running>();

  const statusOf = ({ spec }: AskedPod): object =>
    run(spec.nodeName ?? "", spec.containers[0]?.command ?? []) === undefined
      ? { phase: "Pending", containerStatuses: [{ state: { waiting: { reason: "ErrImagePull" } } }] }
      : { phase: "Running", containerStatuses: [{ state: { running: {} } }] };

  const listOf = (kind: string, items: readonly object[]): object => ({
    kind: `${kind}List`,
    apiVersion: "v1",
    metadata: {},
    items,
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const send = (value: object, status = 200): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    const missing = (): void => {
      send(
        {
          kind: "Status",
          apiVersion: "v1",
          status: "Failure",
          reason: "NotFound",
          code: 404,
          message: `${pathname} not found`,
        },
        404,
      );
    };
    const labelled = ({ metadata }: AskedPod): boolean =>
      (searchParams.get("labelSelector") ?? "")
        .split(",")
        .filter((pair) => pair !== "")
        .every((pair) => metadata.labels?.[pair.split("=")[0] ?? ""] === pair.split("=")[1]);
    const found = discovery[pathname];
    if (found !== undefined) {
      send(found);
      return;
    }
    if (pathname === "/api/v1/nodes") {
      send(listOf("Node", cluster.nodes.map(asNode)));
      return;
    }
    const [, node] = /^\/api\/v1\/nodes\/([^/]+)$/.exec(pathname) ?? [];
    if (node !== undefined) {
      if (cluster.nodes.includes(node)) send(asNode(node));
      else missing();
      return;
    }
    const [, namespace = "", name] = podPath.exec(pathname) ?? [];
    const there = cluster.pods.filter(({ metadata }) => metadata.namespace === namespace);
    if (request.method === "POST") {
      const asked = JSON.parse(await textOf(request)) as AskedPod;
      const pod = { ...asked, metadata: { ...asked.metadata, namespace } };
      await whenAsked();
      created.push(pod);
      running.set(pod.metadata.name, { pod, kill: new Set() });
      send(pod, 201);
      return;
    }
    if (name === undefined) {
      if (namespace === "") missing();
      else send(listOf("Pod", there.filter(labelled).map(asPod)));
      return;
    }
    const own = running.get(name);
    if (own === undefined) {
      const pod = there.find(({ metadata }) => metadata.name === name);
      if (pod === undefined) missing();
      else send(asPod(pod));
      return;
    }
    if (request.method === "DELETE") {
      deleted.push(name);
      for (const kill of own.kill) kill();
    }
    send({ ...asPod(own.pod), status: statusOf(own.pod) });
  };

  /** Runs a command in a pod, with its streams. */
  const execute = (request: IncomingMessage, socket: Duplex): void => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const [, , name = "", verb] = podPath.exec(pathname) ?? [];
    const pod = running.get(name);
    // Newer clients try a web socket first, which older servers do not know.
    if (pod === undefined || verb !== "exec" || request.headers.upgrade !== "SPDY/3.1") {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    const command = searchParams.getAll("command");
    commands.push(command);
    const asks = (stream: string): boolean => searchParams.get(stream) === "true";
    const tty = asks("tty");
    const protocol = "X-Stream-Protocol-Version: v4.channel.k8s.io";
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${protocol}\r\n\r\n`,
    );
    const names = ["error", "stdin", "stdout", "stderr"].filter((each) => each === "error" || asks(each));
    if (tty) names.push("resize");
    const kill = (): void => {
      socket.destroy();
    };
    pod.kill.add(kill);
    serveSpdy(socket, names.length, (streams) => {
      const stream = (wanted: string): SpdyStream | undefined => streams[names.indexOf(wanted)];
      const words = run(pod.pod.spec.nodeName ?? "", command) ?? [];
      runWithStreams(words, tty, stream, pod.kill)
        .then((code) => {
          stream("stdout")?.end();
          stream("stderr")?.end();
          const causes = [{ reason: "ExitCode", message: String(code) }];
          const failure = { status: "Failure", reason: "NonZeroExitCode", details: { causes } };
          stream("error")?.end(Buffer.from(JSON.stringify(code === 0 ? { status: "Success" } : failure)));
        })
        .catch((error: unknown) => socket.destroy(error as Error));
    });
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.on("upgrade", execute);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, created, commands, deleted },
    stop: async () => {
      for (const { kill } of running.values()) for (const each of kill) each();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs a program with the streams of a client. @returns its exit code, when it has ended */
async function runWithStreams(
  [program = "false", ...args]: readonly string[],
  tty: boolean,
  stream: (name: string) => SpdyStream | undefined,
  kill: Set<() => void>,
): Promise<number> {
  if (tty) {
    // The first size is there before anything is started, as a kubelet has it; each later one comes through.
    let pty: PtyProcess | undefined;
    let size = { Width: 0, Height: 0 };
    await new Promise<void>((resolve) =>
      stream("resize")?.receive((bytes) => {
        if (bytes === undefined) return;
        size = JSON.parse(String(bytes).trim().split("\n").at(-1) ?? "") as typeof size;
        pty?.resize(size.Width, size.Height);
        resolve();
      }),
    );
    const write = (text: string): void => stream("stdout")?.send(Buffer.from(text));
    const { Width: columns, Height: rows } = size;
    const started = (pty = await startInPty(program, args, { columns, rows, write }));
    started.resize(size.Width, size.Height);
    kill.add(() => {
      if (isAlive({ pid: started.pid })) process.kill(started.pid, "SIGKILL");
    });
    stream("stdin")?.receive((bytes) => {
      if (bytes !== undefined) started.type(String(bytes));
    });
    return started.ended;
  }
  const child = startProcess(program, args);
  kill.add(() => child.kill("SIGKILL"));
  child.stdout.on("data", (bytes: Buffer) => stream("stdout")?.send(bytes));
  child.stderr.on("data", (bytes: Buffer) => stream("stderr")?.send(bytes));
  const stdin = stream("stdin");
  if (stdin === undefined) child.stdin.end();
  stdin?.receive((bytes) => {
    if (bytes === undefined) child.stdin.end();
    else child.stdin.write(bytes);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve(code ?? 137);
    });
  });
}

/** A pod, and what is asked of it. */
const podPath = /^\/api\/v1\/namespaces\/([^/]+)\/pods(?:\/([^/]+)(?:\/(exec))?)?$/;

function asNode(name: string): object {
  return { kind: "Node", apiVersion: "v1", metadata: { name } };
}

function asPod(pod: AskedPod): object {
  return { kind: "Pod", apiVersion: "v1", ...pod };
}

/** What there is, as a client asks for it first. */
const discovery: Readonly<Record<string, object>> = {
  "/api": { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] },
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
  "/api/v1": {
    kind: "APIResourceList",
    groupVersion: "v1",
    resources: [
      ...(["nodes", "pods"] as const).map((name) => ({
        ...{ name, singularName: name.slice(0, -1), kind: name === "pods" ? "Pod" : "Node" },
        namespaced: name === "pods",
        verbs: ["create", "delete", "get", "list", "watch"],
      })),
      { name: "pods/exec", singularName: "", namespaced: true, kind: "PodExecOptions", verbs: ["create"] },
    ],
  },
  "/version": { major: "1", minor: "30", gitVersion: "v1.30.0" },
};

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
