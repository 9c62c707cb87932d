import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { KPOD } from "../helpers/kpod";
import { contentsOf, pidOf, useNode } from "../helpers/node";
import { runProcess, type ProcessResult } from "../helpers/process";
import { testdir } from "../helpers/testdir";

// A debug pod: the node is mounted below a directory with its /proc and /sys, the pod has pid, mount and cgroup
// namespaces of its own. The node's files are hidden elsewhere, and kpod's own from the node: nothing can come from the
// wrong side.
const repository = join(__dirname, "../..");

const node = useNode();
let web: Container;
let hostRoot: string;

beforeAll(async () => {
  const pod = await node.pod("shop");
  web = await node.start(pod, "web", "echo hello; exec sleep 1000");
  await node.start(pod, "ended", "exit 3");
  await node.ok("wait", "ended");
  symlinkSync(node.world.directory, join(node.world.scratch, "link"));
  hostRoot = testdir({ "host/": null });
}, 120_000);

/** Runs kpod in the debug pod, or another program that is told how to. */
function inPod(words: readonly string[], before: readonly string[] = []): Promise<ProcessResult> {
  const host = join(hostRoot, "host");
  const script = `
    set -e
    mount --rbind / ${host}
    mount -t tmpfs none ${host}${repository}
    mount -t tmpfs none ${node.world.directory}
    mount -t proc proc /proc
    exec "$@"
  `;
  const namespaces = ["--pid", "--fork", "--mount", "--cgroup"];
  return runProcess("unshare", [...namespaces, "bash", "-c", script, "bash", ...before, KPOD, ...words]);
}

const look = (...words: string[]): Promise<ProcessResult> =>
  inPod(["--host-root", join(hostRoot, "host"), "--config", node.world.config, ...words]);

test.each<[string[], RegExp]>([
  [["ps"], / Up .* k8s_web_/],
  [["ps", "-a"], / Exited \(3\) .* k8s_ended_/],
  [["ps", "-s"], /\d+B \(virtual /],
  [["ps", "--ns"], /\d{10}/],
  [["ps", "--sort", "names", "--format", "json"], /"ctrRunning": true/],
  [["ps", "--filter", "status=running", "--format", "{{.Names}} {{.PID}}"], /^k8s_web_\S+ \d+\n$/],
  [["pod", "ps"], /Ready/],
  [["pod", "inspect", "shop"], /"State": "Ready"/],
  [["inspect", "web"], /"status": "running"/],
  [["inspect", "--size", "--format", "{{.State.pid}}", "web"], /^[1-9]\d*\n$/],
  [["inspect", "busybox"], /"Architecture"/],
  [["logs", "web"], /^hello\n$/],
  [["logs", "--names", "--since", "10m", "web"], /hello\n$/],
  [["images"], /localhost\/busybox/],
  [["images", "--format", "{{.ID}}"], /^[0-9a-f]+\n/],
  [["info"], /^ {4}running: 1$/m],
  [["info", "--format", "json"], /"cgroupVersion"/],
  [["config"], /\[crio\.runtime\]/],
  [["version"], /^Version: /],
  [["completion", "bash"], /__complete/],
  [["help", "ps"], /Usage/],
])("%j", async (words, expected) => {
  const { exitCode, stdout, stderr } = await look(...words);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(expected);
});

test("what a look shows is what kpod shows on the node itself", async () => {
  const words = ["inspect", "web", "ended", "shop"];
  expect((await look(...words)).stdout).toBe(await node.ok(...words));
});

test("stats have numbers", async () => {
  const { stdout } = await look("stats", "--no-stream", "--json");
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({
      container: web.id,
      cpu: expect.any(Number) as number,
      mem_usage: expect.any(Number) as number,
      net_input: expect.any(Number) as number,
      pids: 1,
    }),
  ]);
});

test("logs -f ends with its container", async () => {
  const pod = (await node.openServer()).server;
  await pod.updateRecords();
  const talker = await node.start(pod.lookupSandbox("shop"), "talker", "sleep 2; echo late; exit 4");
  expect(await look("logs", "-f", talker.id)).toEqual({ exitCode: 0, stdout: "late\n", stderr: "" });
});

test("absolute symbolic links of the node lead to the node's files", async () => {
  const runRoot = join(node.world.scratch, "link/runroot");
  expect((await look("--runroot", runRoot, "ps", "--format", "{{.Status}}")).stdout).toMatch(/^Up .*\n$/);
});

test("a shell completes the node's names", async () => {
  const { stdout } = await look("__complete", "logs", "");
  expect(stdout).toMatch(/^web\t/m);
});

test.each([[["rm", "-f", "web"]], [["run", "busybox", "true"]], [["pod", "rm", "-f", "shop"]]])(
  "%j is refused",
  async (words) => {
    const before = contentsOf(node.world);
    const { exitCode, stdout, stderr } = await look(...words);
    expect({ exitCode, stdout }).toEqual({ exitCode: words[0] === "run" ? 125 : 1, stdout: "" });
    expect(stderr).toMatch(
      /^Error: kpod [a-z ]+ changes the node: with --host-root it is only looked at: .*chroot .*nsenter -t 1 -a kpod …\n$/,
    );
    expect(contentsOf(node.world)).toEqual(before);
    expect(existsSync(`/proc/${pidOf(web)}`)).toBe(true);
  },
);

test("without the right to it one line says so", async () => {
  const dropped = ["setpriv", "--bounding-set=-sys_chroot", "--inh-caps=-sys_chroot"];
  const { exitCode, stderr } = await inPod(["--host-root", "/", "ps"], dropped);
  expect(exitCode).toBe(1);
  expect(stderr).toBe(
    "Error: cannot use / as the root of a node: to change the root directory is not permitted: " +
      "run kpod in a privileged container, or in one with the capability SYS_CHROOT\n",
  );
});

test("a directory that is none", async () => {
  expect(await node.refusal("--host-root", "/no/such", "ps")).toBe(
    "cannot use /no/such as the root of a node: no such file or directory",
  );
  expect(await node.refusal("--host-root", KPOD, "ps")).toContain("it is no directory");
});

test("a node without its /proc shows Unknown for what only processes could tell", async () => {
  const script = `mount --bind / ${join(hostRoot, "host")} && exec "$@"`;
  const words = ["--host-root", join(hostRoot, "host"), "--config", node.world.config];
  const ps = ["ps", "-a", "--format", "{{.Names}} {{.State}}"];
  const { stdout, exitCode } = await runProcess("unshare", [
    ...["--mount", "bash", "-c", script, "bash", KPOD, ...words, ...ps],
  ]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^k8s_web_\S+ unknown$/m);
  expect(stdout).toMatch(/^k8s_ended_\S+ stopped$/m);
});
