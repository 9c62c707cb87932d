import { spawn, type ChildProcess } from "node:child_process";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

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
  /** The names of those that were removed again. */
  readonly deleted: readonly string[];
  stop(): Promise<void>;
}

interface Running {
  readonly pod: AskedPod;
  readonly process: ChildProcess | undefined;
  readonly output: Buffer[];
  readonly ended: Promise<void>;
  code?: number;
}

/**
 * Serves so much of Kubernetes' API as kubectl asks for when it lists nodes and pods, and makes, follows and removes a
 * pod. What a pod answers is real: its command runs on this machine.
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
  const deleted: string[] = [];
  const running = new Map<string, Running>();

  const start = (pod: AskedPod): void => {
    created.push(pod);
    const [program, ...args] = run(pod.spec.nodeName ?? "", pod.spec.containers[0]?.command ?? []) ?? [];
    if (program === undefined) {
      running.set(pod.metadata.name, { pod, process: undefined, output: [], ended: Promise.resolve() });
      return;
    }
    const process = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    // As a runtime's log has both streams.
    process.stdout.on("data", (bytes: Buffer) => output.push(bytes));
    process.stderr.on("data", (bytes: Buffer) => output.push(bytes));
    const entry: Running = {
      ...{ pod, process, output },
      ended: new Promise((resolve) => {
        process.on("close", (code) => {
          entry.code = code ?? 137;
          resolve();
        });
      }),
    };
    running.set(pod.metadata.name, entry);
  };

  const statusOf = ({ process, code }: Running): object => {
    if (process === undefined)
      return { phase: "Pending", containerStatuses: [{ state: { waiting: { reason: "ErrImagePull" } } }] };
    if (code === undefined) return { phase: "Running", containerStatuses: [{ state: { running: {} } }] };
    const phase = code === 0 ? "Succeeded" : "Failed";
    return { phase, containerStatuses: [{ state: { terminated: { exitCode: code } } }] };
  };

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
      send(
        listOf(
          "Node",
          cluster.nodes.map((name) => ({ kind: "Node", apiVersion: "v1", metadata: { name } })),
        ),
      );
      return;
    }
    const [, namespace = "", name, log] =
      /^\/api\/v1\/namespaces\/([^/]+)\/pods(?:\/([^/]+)(\/log)?)?$/.exec(pathname) ?? [];
    const there = cluster.pods.filter(({ metadata }) => metadata.namespace === namespace);
    if (request.method === "POST") {
      const asked = JSON.parse(await textOf(request)) as AskedPod;
      const pod = { ...asked, metadata: { ...asked.metadata, namespace } };
      await whenAsked();
      start(pod);
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
      own.process?.kill("SIGKILL");
      send({ ...asPod(own.pod), status: statusOf(own) });
    } else if (log === undefined) {
      send({ ...asPod(own.pod), status: statusOf(own) });
    } else {
      await own.ended;
      response.writeHead(200, { "content-type": "text/plain" });
      response.end(Buffer.concat(own.output));
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, created, deleted },
    stop: async () => {
      for (const { process, ended } of running.values()) {
        process?.kill("SIGKILL");
        await ended;
      }
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
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
      { name: "pods/log", singularName: "", namespaced: true, kind: "Pod", verbs: ["get"] },
    ],
  },
  "/version": { major: "1", minor: "30", gitVersion: "v1.30.0" },
};

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
