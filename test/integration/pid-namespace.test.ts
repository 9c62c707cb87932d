import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import { isAlive } from "../../src/lib/system/process";
import { KPOD } from "../helpers/kpod";
import { conmonOf, contentsOf, createNode, pidOf, useNode, usePod } from "../helpers/node";
import { runProcess, type ProcessResult } from "../helpers/process";

// A toolbox or a debug pod without hostPID: real kpod in a pid namespace of its own, beside a container that runs.
const ownProc = ["--pid", "--fork", "--mount-proc"];
const foreignProc = ["--pid", "--fork"];

const node = useNode();
const pod = usePod(node, "shop");
let web: Container;
let ended: Container;

beforeAll(async () => {
  web = await node.start(pod, "web", "exec sleep 1000");
  ended = await node.start(pod, "ended", "exit 3");
  await node.ok("wait", "ended");
}, 120_000);

/** Runs kpod in new namespaces. */
function outside(namespaces: readonly string[], ...args: readonly string[]): Promise<ProcessResult> {
  return runProcess("unshare", [...namespaces, KPOD, "--config", node.world.config, ...args]);
}

const refusal =
  "Error: this is another pid namespace than that of the node, whose processes cannot be changed from here: " +
  "use nsenter -t 1 -a kpod … from a pod with hostPID, or kubectl debug node/NAME --profile=sysadmin and chroot /host\n";

describe.each([
  ["a pid namespace with its own /proc", ownProc],
  ["a pid namespace that sees the /proc of the node", foreignProc],
])("in %s", (_, namespaces) => {
  test.each([
    [["rm", "web"]],
    [["rm", "-f", "web"]],
    [["kill", "web"]],
    [["stop", "web"]],
    [["pause", "web"]],
    [["unpause", "web"]],
    [["rename", "web", "other"]],
    [["rm", "ended"]],
    [["pod", "stop", "shop"]],
    [["pod", "kill", "shop"]],
    [["pod", "pause", "shop"]],
    [["pod", "rm", "shop"]],
    [["pod", "rm", "-f", "shop"]],
    [["rmi", "-f", "busybox"]],
    [["run", "-d", "busybox", "true"]],
    [["run", "-d", "--pod", "shop", "busybox", "true"]],
    [["pod", "run", "--name", "new"]],
  ])("%j is refused, and nothing is touched", async (args) => {
    const before = contentsOf(node.world);
    const exitCode = args[0] === "run" ? 125 : 1;
    expect(await outside(namespaces, ...args)).toEqual({ exitCode, stdout: "", stderr: refusal });
    expect(contentsOf(node.world)).toEqual(before);
    expect([pidOf(web), conmonOf(web)].map((pid) => isAlive({ pid }))).toEqual([true, true]);
  });

  test("rm -f leaves the process group of its caller alone", async () => {
    const script = 'unshare "$@" || code=$?; echo "alive after $code"';
    const words = ["sh", ...namespaces, KPOD, "--config", node.world.config, "rm", "-f", "web"];
    // The leader of a group of its own: what is sent to the group must not end the test.
    const shell = spawn("sh", ["-c", script, ...words], {
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const output = (await shell.stdout.toArray()) as Buffer[];
    expect(Buffer.concat(output).toString()).toBe("alive after 1\n");
  });
});

test("looks show Unknown for what they cannot see, with one warning", async () => {
  const { exitCode, stdout, stderr } = await outside(
    ownProc,
    ...["--log-level", "warn", "ps", "-a", "--format", "{{.Names}} {{.Status}}"],
  );
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^k8s_ended_.* Exited \(3\) .*\nk8s_web_.* Unknown\n$/);
  expect(stderr.match(/another pid namespace/g)).toHaveLength(1);
  const inspected = await outside(
    ownProc,
    "inspect",
    "--format",
    "{{.State.status}} {{.State.exitCode}}",
    "web",
  );
  expect(inspected).toMatchObject({ exitCode: 0, stdout: "unknown 0\n" });
});

test("where neither processes nor cgroups are seen, that it ran is enough not to touch it", async () => {
  const hidden = [
    ...["--mount", ...ownProc, "bash", "-c", 'mount -t tmpfs none /sys/fs/cgroup; exec "$@"', "bash"],
    ...[KPOD, "--config", node.world.config],
  ];
  const ps = await runProcess("unshare", [...hidden, "ps", "-a", "--format", "{{.Names}} {{.State}}"]);
  expect(ps.stdout).toMatch(/^k8s_ended_\S+ stopped\nk8s_web_\S+ unknown\n$/);
  const before = contentsOf(node.world);
  expect(await runProcess("unshare", [...hidden, "rm", "-f", "web"])).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: refusal,
  });
  expect(contentsOf(node.world)).toEqual(before);
});

test("a wait does not take for an end what it cannot see", async () => {
  const { exitCode, stdout, stderr } = await outside(ownProc, "wait", "--timeout", "1", "web");
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toContain("is not stopped after 1 s");
});

test("with the /proc of the node a look shows what is", async () => {
  const { stdout } = await outside(foreignProc, "ps", "--format", "{{.Names}} {{.Status}}");
  expect(stdout).toMatch(/^k8s_web_.* Up .*\n$/);
});

test("nothing is launched where nothing tells whose namespace it is", async () => {
  const empty = await createNode();
  const run = ["pod", "run", "--name", "new", "--cgroup-parent", empty.world.cgroupParent];
  // Containers of others on this machine would tell: their runtimes' directories are hidden.
  const hide =
    'for root in /run/crun /run/runc; do ! test -d $root || mount -t tmpfs none $root; done; exec "$@"';
  const words = ["--mount", ...ownProc, "sh", "-c", hide, "sh", KPOD, "--config", empty.world.config];
  const { exitCode, stderr } = await runProcess("unshare", [...words, ...run]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("this is not the pid namespace of a machine, and nothing runs");
  expect(existsSync(join(empty.world.root, "overlay-containers/containers.json"))).toBe(false);
  // What is on disk alone may be changed.
  const removed = await runProcess("unshare", [...words, "rmi", "busybox"]);
  expect(removed).toMatchObject({ exitCode: 0, stderr: "" });
  await empty.world.destroy();
});

test("a node that is a pid namespace itself is worked in as any other", async () => {
  const inner = await createNode();
  const { config, cgroupParent, scratch } = inner.world;
  // Its first process is called as that of a machine is; what runs then tells it as well.
  const script = `
    set -e
    ${KPOD} --config ${config} pod run --name inner --cgroup-parent ${cgroupParent}
    ${KPOD} --config ${config} run -d --pod inner --name job busybox sleep 1000
    exec 2>&1
    ${KPOD} --config ${config} ps --format '{{.Status}}'
    ${KPOD} --config ${config} pod rm -f inner
    ${KPOD} --config ${config} ps -a --quiet
    echo done
  `;
  const init = join(scratch, "systemd");
  const words = [
    "--pid",
    "--fork",
    "--mount-proc",
    "--kill-child",
    "bash",
    "-c",
    `cp /bin/bash ${init}; exec ${init} -c "$0"`,
  ];
  const { stdout, stderr, exitCode } = await runProcess("unshare", [...words, script]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toMatch(/^[0-9a-f]{64}\n[0-9a-f]{64}\nUp .*\n[0-9a-f]{64}\ndone\n$/);
  await inner.world.destroy();
});

test("the cgroup of a container that runs says so also where its processes are not seen", () => {
  // What the tests above rest on: the list of processes reads 0, or is empty, in another pid namespace.
  expect(readFileSync(`/proc/${pidOf(web)}/cgroup`, "utf8")).toContain(web.id);
  expect(ended.id).not.toBe(web.id);
});
