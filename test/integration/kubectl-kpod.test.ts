import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startApiServer, type ApiServer, type AskedPod } from "../helpers/api-server";
import { KPOD } from "../helpers/kpod";
import { useNode } from "../helpers/node";
import {
  finish,
  runProcess,
  startProcess,
  type ProcessOptions,
  type ProcessResult,
} from "../helpers/process";
import { startInPty } from "../helpers/pty";
import { testdir } from "../helpers/testdir";
import { until } from "../helpers/until";

const plugin = join(__dirname, "../../contrib/kubectl-kpod/kubectl-kpod");
const node = useNode();
const directory = testdir();
let server: ApiServer;
/** Holds up the making of pods. */
let whenAsked: (() => Promise<void>) | undefined;

function clusterPod(name: string, nodeName: string): AskedPod {
  const labels = { app: name };
  return {
    metadata: { name, namespace: "default", labels },
    spec: { nodeName, containers: [{ name: "web" }] },
  };
}

beforeAll(async () => {
  const shop = await node.pod("shop");
  await node.start(shop, "web", "echo serving; exec sleep 1000");
  const cluster = {
    nodes: ["n1", "n2.example", "bare"],
    pods: [clusterPod("shop", "n1"), clusterPod("gone", "n2.example")],
  };
  // On its nodes kpod-on-node of the image goes where the node's first process is, and runs kpod.
  server = await startApiServer(
    cluster,
    (name, [, ...words]) => {
      if (name === "bare") return undefined;
      return [KPOD, "--config", node.world.config, ...words];
    },
    async () => whenAsked?.(),
  );
  const config = [
    ...["apiVersion: v1", "kind: Config", "current-context: test"],
    ...["contexts: [{name: test, context: {cluster: test, user: test}}]", "users: [{name: test, user: {}}]"],
    `clusters: [{name: test, cluster: {server: "${server.url}"}}]`,
  ];
  writeFileSync(join(directory, "kubeconfig"), `${config.join("\n")}\n`);
}, 120_000);

afterAll(async () => {
  await server.stop();
});

const environment = { HOME: directory, KUBECONFIG: join(directory, "kubeconfig"), TMPDIR: directory };

// kubectl finds the plugin by its name.
const pluginEnvironment = { ...environment, PATH: `${join(plugin, "..")}:${process.env.PATH ?? ""}` };

function kubectlWith(options: Pick<ProcessOptions, "input">, ...words: string[]): Promise<ProcessResult> {
  return runProcess("kubectl", ["kpod", ...words], { ...options, env: pluginEnvironment });
}

function kubectl(...words: string[]): Promise<ProcessResult> {
  return kubectlWith({}, ...words);
}

test("a pod is looked at on its node, by a pod that is gone afterwards", async () => {
  const here = await node.ok("why", "default/shop");
  expect(await kubectl("shop", "--", "why")).toEqual({ exitCode: 0, stdout: here, stderr: "" });
  const [asked] = server.created;
  expect(asked).toMatchObject({
    metadata: { namespace: "default", labels: { "app.kubernetes.io/managed-by": "kubectl-kpod" } },
    spec: {
      ...{ nodeName: "n1", hostPID: true, hostIPC: true, hostNetwork: true, restartPolicy: "Never" },
      tolerations: [{ operator: "Exists" }],
      containers: [{ command: ["sleep", "86400"], securityContext: { privileged: true } }],
    },
  });
  expect(server.commands).toEqual([["kpod-on-node", "why", "default/shop"]]);
  expect(server.deleted).toEqual([asked?.metadata.name]);
});

test.each([
  [
    ["shop", "--", "logs"],
    ["logs", "default/shop/web"],
  ],
  [
    ["-l", "app=shop", "--", "ps", "-q"],
    ["ps", "-q", "--filter", "pod=default/shop"],
  ],
  [
    ["shop", "--", "exec", "{}/web", "echo"],
    ["exec", "default/shop/web", "echo"],
  ],
  [
    ["shop", "--", "logs", "--tail", "1", "{}"],
    ["logs", "--tail", "1", "default/shop"],
  ],
  [
    ["--node=n1", "--", "inspect", 'it\'s "x" $(id)'],
    ["inspect", 'it\'s "x" $(id)'],
  ],
  [["shop", "--", "info"], ["info"]],
])("%j asks the node for %j", async (words, asked) => {
  await kubectl(...words);
  expect(server.commands.at(-1)).toEqual(["kpod-on-node", ...asked]);
});

test("the containers' log comes as it is", async () => {
  expect(await kubectl("shop", "--", "logs")).toEqual({ exitCode: 0, stdout: "serving\n", stderr: "" });
});

test("what the command says of errors comes apart, and its input goes there", async () => {
  const script = "cat; echo err >&2; exit 7";
  const input = "line\n".repeat(10_000);
  expect(
    await kubectlWith({ input }, "-i", "--node", "n1", "--", "exec", "-i", "web", "sh", "-c", script),
  ).toEqual({
    ...{ exitCode: 7, stdout: input, stderr: "err\n" },
  });
});

test("on a terminal the command gets one, with its size, each new one, and its keys", async () => {
  const script =
    'trap "echo caught; exit 5" INT; trap "stty size" WINCH; echo first; stty size; while :; do sleep 0.05; done';
  const words = ["kpod", "-it", "--node", "n1", "--", "exec", "-it", "web", "sh", "-c", script];
  const pty = await startInPty("kubectl", words, { columns: 93, rows: 17, env: pluginEnvironment });
  await until("the size", () => /^first\r\n[^]*17 93\r\n/.test(pty.output()));
  pty.resize(81, 23);
  await until("the new size", () => pty.output().includes("23 81"));
  pty.type("\x03");
  expect(await pty.ended).toBe(5);
  expect(pty.output()).toMatch(/caught\r\n$/);
  expect(server.deleted).toContain(server.created.at(-1)?.metadata.name);
});

test("of several nodes each has a heading, and the worst exit code counts", async () => {
  const { exitCode, stdout } = await kubectl(
    "--node",
    "n1,n2.example",
    "--parallel=999999999",
    "--",
    "inspect",
    "nobody",
  );
  const answer = "Error: .*nobody.*\\n";
  expect({ exitCode, stdout }).toEqual({
    exitCode: 1,
    stdout: expect.stringMatching(new RegExp(`^== n1\\n${answer}== n2.example\\n${answer}$`)) as string,
  });
});

test("a node that cannot run the image is named, and the others answer", async () => {
  const id = (await node.ok("ps", "-q")).trim();
  const { exitCode, stdout } = await kubectl("--all-nodes", "--parallel=1", "--", "ps", "-q");
  expect(exitCode).toBe(125);
  expect(stdout).toContain(`== n1\n${id}\n`);
  expect(stdout).toContain("== bare\nError: node bare cannot run localhost/kpod:latest: ErrImagePull\n");
  expect([...server.deleted].sort()).toEqual(server.created.map(({ metadata }) => metadata.name).sort());
});

test("Ctrl-C leaves no pod", async () => {
  const child = startProcess(plugin, ["shop", "--", "logs", "-f"], { env: environment });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += String(chunk)));
  await until("it follows", () => printed.includes("serving"));
  child.kill("SIGTERM");
  expect((await finish(child, "kubectl-kpod")).exitCode).toBe(143);
  expect(server.deleted).toContain(server.created.at(-1)?.metadata.name);
});

test("Ctrl-C while pods are being made leaves none", async () => {
  const before = server.created.length;
  let asked = 0;
  let goOn = (): void => {};
  const held = new Promise<void>((resolve) => (goOn = resolve));
  whenAsked = () => {
    asked++;
    return held;
  };
  const words = ["--node", "n1,n2.example", "--", "logs", "-f", "shop/web"];
  const child = startProcess(plugin, words, { env: environment });
  const ended = finish(child, "kubectl-kpod");
  await until("both are asked for", () => asked === 2);
  child.kill("SIGTERM");
  await until("it has ended", () => child.exitCode !== null);
  goOn();
  whenAsked = undefined;
  expect((await ended).exitCode).toBe(143);
  const made = server.created.slice(before).map(({ metadata }) => metadata.name);
  expect(made).toHaveLength(2);
  expect(server.deleted).toEqual(expect.arrayContaining(made));
});

test.each([
  [["shop"], 2, "no command"],
  [["--", "ps"], 2, "no pods and no nodes"],
  [["--nodes", "x", "--", "ps"], 2, "unknown option --nodes"],
  [["--node", "a;id", "--", "ps"], 2, "characters"],
  [["nobody", "--", "ps"], 125, "not found"],
  [["--node", "n1,n3", "--", "ps"], 125, "not found"],
  [["--all-nodes", "--parallel", "0", "--", "ps"], 2, "number of nodes"],
  [["--all-nodes", "--parallel", "99999999999999999999", "--", "ps"], 2, "number of nodes"],
  [["-l", "app=none", "--", "ps"], 125, "no such pods"],
  [["-it", "--node", "n1,n2", "--", "exec"], 2, "for one node"],
])("%j is refused", async (words, code, says) => {
  const { exitCode, stdout, stderr } = await kubectl(...words);
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: code,
    stdout: "",
    stderr: expect.stringContaining(says) as string,
  });
  expect(stderr.trimEnd()).not.toContain("\n");
});
