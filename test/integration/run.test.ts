import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KPOD } from "../helpers/kpod";
import { createNode, logOf, pidOf, useNode, usePod } from "../helpers/node";
import { finish } from "../helpers/process";
import { until } from "../helpers/until";
import { withoutWaits } from "../helpers/waits";
import type { RuntimeName } from "../helpers/world";

const node = useNode();
const pod = usePod(node, "shop");

/** `kpod run` in the pod of these tests, with a script for the shell. */
function runScript(
  script: string,
  ...flags: string[]
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return node.kpod("run", "--pod", "shop", ...flags, "busybox", "sh", "-c", script);
}

describe("in the foreground", () => {
  test("stdout goes to stdout, stderr to stderr, and the exit code is the container's", async () => {
    const result = await runScript("echo out; echo err >&2; exit 3", "--entrypoint", "", "-l", "tier=front");
    expect(result).toEqual({ exitCode: 3, stdout: "out\n", stderr: "err\n" });
  });

  test.each([
    ["nothing", "true", ""],
    ["a last line without its end", "printf 'one\\ntwo'", "one\ntwo"],
    ["empty lines", "printf '\\n\\nx\\n\\n'", "\n\nx\n\n"],
    [
      "a line longer than what conmon reads at once",
      "head -c 50000 /dev/zero | tr '\\0' x; echo",
      `${"x".repeat(50_000)}\n`,
    ],
  ])("prints %s as it was", async (_, script, stdout) => {
    expect(await runScript(script)).toEqual({ exitCode: 0, stdout, stderr: "" });
  });

  test("bytes that are no text come through untouched", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
    const args = ["-c", node.world.config, "run", "--pod", "shop", "busybox", "printf", octal];
    const child = spawn(KPOD, args, { stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const [exitCode] = (await once(child, "close")) as [number];
    expect(exitCode).toBe(0);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test("what is printed appears while the container runs, also a line that has not ended", async () => {
    const child = node.world.startKpod([
      ...["run", "--pod", "shop", "--name", "asking", "busybox", "sh", "-c"],
      "trap 'exit 5' TERM; printf 'who? '; while :; do sleep 0.1; done",
    ]);
    const done = finish(child, "kpod run");
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    await until("the question", () => seen === "who? ");
    expect(child.exitCode).toBeNull();
    child.kill("SIGTERM");
    expect(await done).toEqual({ exitCode: 5, stdout: "who? ", stderr: "" });
  });

  test("a container that is killed from outside ends it with 137, removed or not", async () => {
    for (const command of [["kill"], ["rm", "-f"]]) {
      const name = `ended-by-${command[0] ?? ""}`;
      const child = node.world.startKpod([
        ...["run", "--pod", "shop", "--name", name, "busybox", "sh", "-c", "echo up; sleep 1000"],
      ]);
      const done = finish(child, "kpod run");
      let seen = "";
      child.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
      await until("it runs", () => seen === "up\n");
      await node.ok(...command, name);
      const result = await done;
      expect({ ...result, stderr: withoutWaits(result.stderr) }).toEqual({
        ...{ exitCode: 137, stdout: "up\n", stderr: "" },
      });
    }
  });

  test("Ctrl-C reaches the container, and the second kills it", async () => {
    const script = "trap 'echo asked; trap : INT; echo ready' INT; echo ready; while :; do sleep 0.1; done";
    const child = node.world.startKpod(["run", "--pod", "shop", "busybox", "sh", "-c", script]);
    const done = finish(child, "kpod run");
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    await until("it runs", () => seen === "ready\n");
    child.kill("SIGINT");
    await until("it was asked", () => seen === "ready\nasked\nready\n");
    child.kill("SIGINT");
    expect(await done).toEqual({ exitCode: 137, stdout: "ready\nasked\nready\n", stderr: "" });
  });

  test("a container that handles Ctrl-C decides the exit code", async () => {
    const script = "trap 'echo bye; exit 7' INT; echo ready; while :; do sleep 0.1; done";
    const child = node.world.startKpod(["run", "--pod", "shop", "busybox", "sh", "-c", script]);
    const done = finish(child, "kpod run");
    child.stdout.once("data", () => child.kill("SIGINT"));
    expect(await done).toEqual({ exitCode: 7, stdout: "ready\nbye\n", stderr: "" });
  });

  test("afterwards its end is persisted, its file system unmounted, and it can be looked at and removed", async () => {
    await runScript("exit 4", "--name", "seen");
    const { server } = await node.openServer();
    await server.update();
    const container = server.lookupContainer("seen");
    expect(container.state).toMatchObject({ status: "stopped", exitCode: 4, pid: 0 });
    expect(existsSync(join(node.world.root, "overlay", container.layerId, "merged/bin"))).toBe(false);
    expect(await node.ok("ps", "-a", "-f", "name=seen")).toContain("Exited (4)");
    expect(await node.ok("rm", "seen")).toBe(`${container.id}\n`);
  });

  test("--rm leaves neither the container nor a pod that was made for it", async () => {
    const before = await node.ok("ps", "-aq", "--no-trunc");
    const pods = await node.ok("pod", "ps", "-q", "--no-trunc");
    expect(await runScript("exit 6", "--rm")).toMatchObject({ exitCode: 6 });
    const parent = ["--cgroup-parent", node.world.cgroupParent];
    expect(await node.ok("run", "--rm", ...parent, "busybox", "echo", "hello")).toBe("hello\n");
    expect(await node.ok("ps", "-aq", "--no-trunc")).toBe(before);
    expect(await node.ok("pod", "ps", "-q", "--no-trunc")).toBe(pods);
    expect(await node.kpod("run", "--rm", "-d", "busybox")).toMatchObject({ exitCode: 2 });
  });

  test("without --pod it gets a pod of its own name, which stops with it", async () => {
    const parent = ["--cgroup-parent", node.world.cgroupParent];
    expect(
      await node.ok("run", ...parent, "--name", "alone", "--hostname", "box", "busybox", "hostname"),
    ).toBe("box\n");
    expect(await node.ok("pod", "ps")).toMatch(/ alone +default +NotReady .* 0\/1\n/);
    await node.ok("pod", "rm", "alone");
  });
});

describe("in the background", () => {
  test("prints the id and returns, while the container runs on", async () => {
    const id = (
      await node.ok("run", "-d", "--pod", "shop", "--name", "web", "busybox", "sleep", "1000")
    ).trim();
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await node.ok("ps", "-q", "--no-trunc")).toBe(`${id}\n`);
    await node.ok("rm", "-f", id);
  });

  test("hands on environment, labels, volumes, and the command after the image's entry point", async () => {
    const directory = join(node.world.scratch, "data");
    mkdirSync(directory);
    writeFileSync(join(directory, "in"), "from the host\n");
    const script =
      'echo "$GREETING/$FROM_HERE/$EMPTY/$HOSTNAME"; cat /rw/in; echo out > /rw/out; echo no > /ro/out || echo refused';
    const args = [
      ...["run", "-d", "--pod", "shop", "--name", "all"],
      ...["--env", "GREETING=a=b c", "-e", "FROM_HERE", "-e", "EMPTY="],
      ...["--label", "app=web", "--label", "tier=x=y", "--label", "bare"],
      ...["-v", `${directory}:/rw`, "-v", `${directory}:/ro:ro`],
      ...["busybox", "sh", "-c", script],
    ];
    const { stdout } = await node.world.kpod(args, { env: { FROM_HERE: "yes" } });
    const id = stdout.trim();
    expect(await node.ok("wait", id)).toBe("0\n");
    const { server } = await node.openServer();
    await server.update();
    const container = server.lookupContainer(id);
    expect(logOf(container)).toContain("a=b c/yes//shop\nfrom the host\n");
    expect(logOf(container)).toContain("refused\n");
    expect(readFileSync(join(directory, "out"), "utf8")).toBe("out\n");
    expect(container.labels).toMatchObject({ app: "web", tier: "x=y", bare: "" });
    await node.ok("rm", id);
  });

  test("a command's flags are its own", async () => {
    expect(await node.ok("run", "--pod", "shop", "busybox", "echo", "-d", "--name", "x", "--", "-h")).toBe(
      "-d --name x -- -h\n",
    );
  });
});

describe.each<RuntimeName>(["runc", "crun"])("under %s", (runtime) => {
  test("a container runs, is listed, and ends with its code", async () => {
    const other = await createNode({ runtime });
    try {
      await other.pod("shop");
      const result = await other.kpod(
        "run",
        "--pod",
        "shop",
        "busybox",
        "sh",
        "-c",
        "echo out; echo err >&2; exit 3",
      );
      expect(result).toEqual({ exitCode: 3, stdout: "out\n", stderr: "err\n" });
      await other.ok("run", "-d", "--pod", "shop", "--name", "web", "busybox", "sleep", "1000");
      await other.agree();
      const missing = await other.refusal("run", "--pod", "shop", "busybox", "/no/such/command");
      expect(missing).toContain("/no/such/command");
      await other.agree();
    } finally {
      await other.world.destroy();
    }
  }, 120_000);
});

test("the pod's containers see each other's network, and only their own processes", async () => {
  const web = await node.start(
    pod,
    "server",
    "echo hello > /tmp/index.html; exec httpd -f -p 127.0.0.1:8080 -h /tmp",
  );
  const fetch = "for i in $(seq 100); do wget -qO- http://127.0.0.1:8080/ && exit; sleep 0.2; done";
  expect(await runScript(`${fetch} 2>/dev/null; exit 1`)).toEqual({
    exitCode: 0,
    stdout: "hello\n",
    stderr: "",
  });
  expect((await runScript("ps | grep -c '[h]ttpd'")).stdout).toBe("0\n");
  expect(pidOf(web)).toBeGreaterThan(1);
  await node.ok("rm", "-f", web.id);
});
