import type { ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { until } from "../helpers/until";
import { useNode, usePod } from "../helpers/node";
import { finish, startProcess } from "../helpers/process";

const node = useNode();
const pod = usePod(node, "shop");

/** Answer with what they are sent; the second one on ::1 alone. */
const servers = `const { createServer } = require("node:net");
for (const [host, port] of [["127.0.0.1", 9000], ["::1", 9001]])
  createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen({ host, port }, () => console.log(port));`;

// Busybox's own servers keep only one waiting.
let inPod: ChildProcess | undefined;

beforeAll(async () => {
  await node.start(pod, "web", "exec sleep 1000");
  const words = [`--net=${pod.namespacePath("network")}`, process.execPath, "-e", servers];
  const started = startProcess("nsenter", words);
  inPod = started;
  let said = "";
  started.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()));
  await until("both listen", () => said.split("\n").length === 3);
});

afterAll(() => {
  inPod?.kill("SIGKILL");
});

interface Forwarder {
  /** `127.0.0.1:80`, the address that a port of the pod is listened for on. */
  readonly ports: ReadonlyMap<string, number>;
  readonly stderr: () => string;
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<{ readonly exitCode: number; readonly stderr: string }>;
}

async function forward(...args: string[]): Promise<Forwarder> {
  const child = node.world.startKpod(["port-forward", ...args]);
  const [out, error]: Buffer[][] = [[], []];
  child.stdout.on("data", (bytes: Buffer) => out?.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => error?.push(bytes));
  const ended = finish(child, `kpod port-forward ${args.join(" ")}`);
  const stderr = (): string => Buffer.concat(error ?? []).toString();
  const lines = (): RegExpMatchArray[] => [
    ...Buffer.concat(out ?? [])
      .toString()
      .matchAll(/^Forwarding from (\S+):(\d+) -> (\d+)\n/gm),
  ];
  const wanted = args.filter((word) => /^\d*:?\d+$/.test(word)).length * (args[0] === "--address" ? 2 : 1);
  await until("it listens", () => lines().length === wanted || child.exitCode !== null);
  const ports = new Map(
    lines().map(([, host = "", local, remote = ""]) => [`${host}:${remote}`, Number(local)]),
  );
  const { pid = 0 } = child;
  return { ports, stderr, pid, kill: (signal) => child.kill(signal), ended };
}

function open(port: number | undefined, host = "127.0.0.1"): Socket {
  return connect({ host, port: port ?? 0, allowHalfOpen: true });
}

async function received(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => chunks.push(bytes));
  await once(socket, "end");
  return Buffer.concat(chunks);
}

async function answer(socket: Socket, text: string): Promise<string> {
  socket.end(text);
  return (await received(socket)).toString();
}

test("connections are handed on, of IPv4 and IPv6, many at once and 100 MB unharmed; Ctrl-C ends all", async () => {
  const { ports, stderr, pid, kill, ended } = await forward(
    ...["--address", "127.0.0.1,::1", "default/shop", ":9000", "0:9001", ":9002"],
  );
  const echo = ports.get("127.0.0.1:9000");
  expect(new Set(ports.keys())).toEqual(
    new Set(["127.0.0.1", "[::1]"].flatMap((host) => [9000, 9001, 9002].map((port) => `${host}:${port}`))),
  );
  expect(ports.get("[::1]:9000")).toBe(echo);
  // What is answered comes after the end of what was asked.
  expect(await answer(open(ports.get("[::1]:9001"), "::1"), "by IPv6")).toBe("by IPv6");

  // Nobody listens there; the others go on, also one that was opened before.
  const before = open(echo);
  await once(before, "connect");
  const refused = open(ports.get("127.0.0.1:9002"));
  await once(refused, "close", { signal: AbortSignal.timeout(20_000) }).catch((error: unknown) => {
    expect(error).toMatchObject({ code: "ECONNRESET" });
  });
  expect(stderr()).toBe(
    "Error: cannot connect to port 9002 of pod shop: nothing listens on it at 127.0.0.1 or ::1 there\n",
  );
  expect(await answer(before, "still there")).toBe("still there");

  const words = Array.from({ length: 60 }, (_, index) => `word ${index}`);
  expect(await Promise.all(words.map((word) => answer(open(echo), word)))).toEqual(words);

  const block = randomBytes(1024 * 1024);
  const sent = createHash("sha256");
  const large = open(echo);
  const got = createHash("sha256");
  large.on("data", (bytes: Buffer) => got.update(bytes));
  const all = once(large, "end");
  for (let count = 0; count < 100; count++) {
    block.writeUInt32LE(count);
    sent.update(block);
    if (!large.write(Buffer.from(block))) await once(large, "drain");
  }
  large.end();
  await all;
  expect(got.digest("hex")).toBe(sent.digest("hex"));

  const idle = open(echo);
  await once(idle, "connect");
  const closed = new Promise((resolve) => idle.once("end", resolve).once("error", resolve).resume());
  kill("SIGINT");
  expect(await ended).toMatchObject({ exitCode: 130 });
  await closed;
  idle.destroy();
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  const after = open(echo);
  await expect(once(after, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
}, 120_000);

test("a pod in the network of the node is reached there, and a taken port is named", async () => {
  const server = createServer((socket) => socket.end("of the node"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    await node.pod("own", { network: "host" });
    const { ports, kill, ended } = await forward("own", `:${port}`);
    expect(await answer(open(ports.get(`127.0.0.1:${port}`)), "")).toBe("of the node");
    kill("SIGTERM");
    expect(await ended).toMatchObject({ exitCode: 143, stderr: "" });
    expect(await node.refusal("port-forward", "shop", `${port}:80`)).toBe(
      `127.0.0.1:${port} is taken: a program listens there: take another port, or :PORT for any that is free`,
    );
  } finally {
    server.close();
  }
}, 120_000);

test.each([
  ["53/udp", 'cannot forward "53/udp": only connections of TCP are handed on, and UDP is none'],
  ["http", '"http" is not [LOCAL:]REMOTE, the numbers of two ports'],
  ["80:0", '"80:0" has a port that is not within 1 to 65535'],
])("%s is wrong usage", async (port, message) => {
  const { exitCode, stderr } = await node.kpod("port-forward", "shop", port);
  expect({ exitCode, line: stderr.split("\n")[0] }).toEqual({ exitCode: 2, line: `Error: ${message}` });
});

test("it ends with the pod, and one that has ended, or is none, is refused", async () => {
  expect(await node.refusal("port-forward", "--address", "192.0.2.1", "shop", ":80")).toBe(
    "cannot listen on 192.0.2.1:0: this machine has no address 192.0.2.1",
  );
  const { ended } = await forward("shop", ":9000");
  await node.ok("pod", "stop", "-t", "0", "shop");
  expect(await ended).toMatchObject({ exitCode: 1, stderr: "Error: pod shop has ended\n" });
  expect(await node.refusal("port-forward", "shop", "9000")).toBe(
    "cannot forward ports of pod shop: it is not ready",
  );
  expect(await node.refusal("port-forward", "web", "9000")).toBe(
    "cannot forward ports of pod web: it is a container: name its pod",
  );
}, 120_000);
