import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { nodeLayout } from "../../scripts/lib/layout.mjs";
import { cgroupDirectories } from "../../scripts/lib/machine.mjs";
import { leftovers } from "../../scripts/lib/sweep.mjs";
import { runProcess } from "../helpers/process";
import { startInPty } from "../helpers/pty";
import { until } from "../helpers/until";

// A node with four containers is made and removed in each of these, by a dozen kpods: a busy machine takes its time.
const patience = 240_000;
jest.setTimeout(patience + 60_000);

const PLAYGROUND = join(__dirname, "../../scripts/playground.mjs");

function placeIn(output: string): string {
  return /Making a node in (\S+)/.exec(output)?.[1] ?? "none named";
}

function expectNothingOf(directory: string): void {
  expect(directory).toMatch(/\/kpod-playground-\w+$/);
  expect(leftovers(nodeLayout(directory, `/${basename(directory)}`))).toEqual([]);
  expect(existsSync(directory)).toBe(false);
}

test("a command runs on the node, gives its output and exit code, and the node is gone", async () => {
  // What lies deeper than a path can be long goes, too.
  const deep =
    'cd "$KPOD_PLAYGROUND" && long=$(printf %0200d/ $(seq 15)) && mkdir -p "one/$long" "two/$long" && mv two "one/$long"';
  const lone = "kpod run -d --name lone --runtime-handler crun localhost/busybox sleep 100";
  const script = `(${deep}) && ${lone} && kpod ps -a --format '{{.Names}}'; exit 7`;
  const { exitCode, stdout, stderr } = await runProcess(process.execPath, [PLAYGROUND, "sh", "-c", script], {
    timeout: patience,
  });
  expect(exitCode).toBe(7);
  expect(stdout.split("\n").slice(1, -1).sort()).toEqual([
    expect.stringMatching(/^k8s_failed_demo_/),
    expect.stringMatching(/^k8s_idle_demo_/),
    expect.stringMatching(/^k8s_lone_lone_/),
    expect.stringMatching(/^k8s_ticker_demo_/),
  ]);
  expectNothingOf(placeIn(stderr));
  // The cgroups of pods without a cgroup parent lie beside those of the node.
  const [id = ""] = stdout.split("\n");
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(cgroupDirectories("/crio").filter((path) => path.includes(id))).toEqual([]);
});

test("without a command it is a shell that knows kpod, until it ends", async () => {
  const shell = await startInPty(process.execPath, [PLAYGROUND], { env: { SHELL: "/bin/sh" } });
  await until("the shell asks", () => shell.output().endsWith("\n# "), patience / 1000);
  shell.type("kpod ps --quiet --filter name=idle | wc -c; exit 4\r");
  expect(await shell.ended).toBe(4);
  expect(shell.output()).toMatch(/^14\r$/m);
  expectNothingOf(placeIn(shell.output()));
});

test.each([
  ["what runs on the node", ["sh", "-c", "echo at work; sleep 100"], "at work"],
  ["the making of the node", ["true"], "Making a node"],
])("Ctrl-C ends %s, and the node is gone", async (_, words, sign) => {
  const playing = await startInPty(process.execPath, [PLAYGROUND, ...words]);
  await until(sign, () => playing.output().includes(sign), patience / 1000);
  playing.type("\x03");
  expect(await playing.ended).toBe(130);
  expectNothingOf(placeIn(playing.output()));
});
