import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import { isAlive } from "../../src/lib/system/process";
import { KPOD, isExecutable } from "../helpers/kpod";
import { readIfThere, useNode, usePod } from "../helpers/node";
import { runProcess, startProcess, type ProcessOptions, type ProcessResult } from "../helpers/process";
import { startInPty } from "../helpers/pty";
import { startSshServer, type SshServer } from "../helpers/ssh-server";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");
const nodes: { with?: SshServer; without?: SshServer } = {};

beforeAll(async () => {
  const programs = `${dirname(findProgram("node") ?? process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`;
  nodes.with = await startSshServer(`${dirname(KPOD)}:${programs}`);
  nodes.without = await startSshServer(programs);
  await node.start(pod, "web", "echo begun; exec sleep 1000");
});

afterAll(async () => {
  await nodes.with?.stop();
  await nodes.without?.stop();
});

function environment(which: keyof typeof nodes): Record<string, string> {
  return { PATH: `${nodes[which]?.bin ?? ""}:${process.env.PATH ?? ""}` };
}

/** Calls kpod for a node, which is this one by ssh. */
function remote(
  which: keyof typeof nodes,
  words: string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const args = ["--host", "root@127.0.0.1", "--config", node.world.config, ...words];
  return runProcess(KPOD, args, { ...options, env: environment(which) });
}

/** Living processes of kpod over there that have this word. */
function over(word: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const words = readIfThere(`/proc/${pid}/cmdline`).split("\0");
      return words.includes(word) && !words.includes("--host") && !words.includes("-c") && isAlive({ pid });
    });
}

test("another node answers as it would answer there", async () => {
  // Without the ages, which go on between the two.
  const words = ["ps", "--format", "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.Ports}}\t{{.Names}}"];
  expect(await remote("with", words)).toEqual(await node.kpod(...words));
  expect(await remote("with", ["ps", "--filter", "name=it's $(id)\n"])).toEqual(
    await node.kpod("ps", "--filter", "name=it's $(id)\n"),
  );
  expect(await remote("with", ["inspect", "nobody"])).toEqual(await node.kpod("inspect", "nobody"));
  expect((await remote("with", ["--version"])).stdout).toMatch(/^kpod version /);
});

test("the command's input, output and exit code come through", async () => {
  const bytes = "line\n".repeat(10_000);
  const script = "cat; echo err >&2; exit 7";
  expect(await remote("with", ["exec", "-i", "web", "sh", "-c", script], { input: bytes })).toEqual({
    ...{ exitCode: 7, stdout: bytes, stderr: "err\n" },
  });
  // By this code the node says that it has no kpod.
  expect(await remote("with", ["exec", "web", "sh", "-c", "exit 231"])).toMatchObject({
    exitCode: 231,
    stderr: "",
  });
});

test("a file of Kubernetes comes by standard input", async () => {
  const input =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: nobody}\nspec: {containers: [{name: web, image: web}]}\n";
  const { exitCode, stderr } = await remote("with", ["kube", "down", "-"], { input });
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("nobody") as string });
});

test("a loop over nodes keeps its own input", async () => {
  const line = `while read -r name; do "$0" --host "$name" -c "$1" ps -q; done; echo end`;
  const words = ["-c", line, KPOD, node.world.config];
  const options = { input: "127.0.0.1\nroot@127.0.0.1\n", env: environment("with") };
  const id = (await node.ok("ps", "-q")).trim();
  expect((await runProcess("sh", words, options)).stdout).toBe(`${id}\n${id}\nend\n`);
});

test("on a terminal it gets one, with its size, each new one, and its keys", async () => {
  // The runtime may give it its size when the script is begun already.
  const script =
    'trap "echo caught; exit 5" INT; trap "stty size" WINCH; stty size; while :; do sleep 0.05; done';
  const words = ["--host", "127.0.0.1", "-c", node.world.config, "exec", "-it", "web", "sh", "-c", script];
  const pty = await startInPty(KPOD, words, { columns: 93, rows: 17, env: environment("with") });
  await until("the size", () => pty.output().includes("17 93"));
  pty.resize(81, 23);
  await until("the new size", () => pty.output().includes("23 81"));
  pty.type("\x03");
  expect(await pty.ended).toBe(5);
  expect(pty.output()).toContain("caught");
});

test("what is ended here ends there", async () => {
  // By these words it is told from that of another run of the tests.
  const mark = `--since=${3600 + process.pid}s`;
  const words = ["--host", "127.0.0.1", "-c", node.world.config, "logs", "-f", mark, "web"];
  const child = startProcess(KPOD, words, { env: environment("with") });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += String(chunk)));
  await until("it follows", () => printed.includes("begun"));
  expect(over(mark)).not.toEqual([]);
  child.kill("SIGTERM");
  await until("nothing is left over there", () => over(mark).length === 0);
});

const carries = isExecutable ? test : test.skip;

// Only the executable can be carried to another machine; on Node the next test has the refusal.
carries("where it has no kpod, this one is carried there for the call", async () => {
  const carried = (): string[] =>
    readdirSync("/tmp").filter((name) => /^kpod-(?!run-).{10}(\.\w+)?$/.test(name));
  const before = carried();
  expect(await remote("without", ["exec", "-i", "web", "cat"], { input: "hello" })).toEqual({
    ...{ exitCode: 0, stdout: "hello", stderr: "" },
  });
  expect(carried().filter((name) => !before.includes(name))).toEqual([]);
});

const refuses = isExecutable ? test.skip : test;

// See above: it is one or the other.
refuses("where neither it nor this one has an executable, that is said", async () => {
  const { exitCode, stderr } = await remote("without", ["ps"]);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: expect.stringMatching(/^Error: root@127.0.0.1 has no kpod, .*: install it there.*\n$/) as string,
  });
});

test.each([
  ["--host=-oProxyCommand=id", '"-oProxyCommand=id" is no node'],
  ["--host=two words", '"two words" is no node'],
])("%s is no node", async (flag, says) => {
  const { exitCode, stderr } = await runProcess(KPOD, [flag, "ps"], { env: environment("with") });
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(says) as string });
});

test("a node that is not reached is named by ssh", async () => {
  const options = { env: environment("with") };
  const { exitCode, stderr } = await runProcess(KPOD, ["--host", "ssh://127.0.0.1:1", "ps"], options);
  expect(exitCode).toBe(255);
  expect(stderr).toMatch(/^ssh: .*127\.0\.0\.1 port 1: .*\r?\n$/);
});
