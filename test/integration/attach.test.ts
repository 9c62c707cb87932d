import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { isAlive } from "../../src/lib/system/process";
import { KPOD } from "../helpers/kpod";
import { conmonOf, createNode, logOf, pidOf, type Node } from "../helpers/node";
import { runProcess } from "../helpers/process";
import { startInPty, type PtyProcess } from "../helpers/pty";
import { until } from "../helpers/until";
import type { RuntimeName } from "../helpers/world";

/** Whether a terminal hands on every key as it is. */
async function isRaw(pid: number): Promise<boolean> {
  const { stdout } = await runProcess("stty", ["-F", `/proc/${pid}/fd/0`, "-a"]);
  return stdout.includes("-icanon");
}

/** A kpod that runs. */
interface Begun {
  readonly child: ChildProcessWithoutNullStreams;
  readonly seen: { readonly out: string; readonly error: string };
  readonly done: Promise<number | null>;
}

/**
 * Begins to count who is attached to a container: its conmon has a socket for each.
 * @returns waits until so many have come since
 */
function attachedTo(container: Pick<Container, "bundlePath">): (count: number) => Promise<void> {
  const directory = `/proc/${conmonOf(container)}/fd`;
  const isSocket = (name: string): boolean => {
    try {
      return readlinkSync(join(directory, name)).startsWith("socket:");
    } catch {
      // It was closed meanwhile.
      return false;
    }
  };
  const sockets = (): number => readdirSync(directory).filter(isSocket).length;
  const before = sockets();
  return (count) => until(`${count} are attached`, () => sockets() === before + count);
}

describe.each<RuntimeName>(["runc", "crun"])("under %s", (runtime) => {
  let node: Node;
  let pod: Sandbox;

  beforeAll(async () => {
    node = await createNode({ runtime });
    pod = await node.pod("shop");
  }, 120_000);
  afterAll(() => node.world.destroy(), 120_000);

  const call = (...args: string[]): string[] => ["-c", node.world.config, ...args];
  /** A call whose input stays open, and what it has printed so far. */
  function begin(...args: string[]): Begun {
    const child = spawn(KPOD, call(...args));
    const seen = { out: "", error: "" };
    child.stdout.on("data", (chunk: Buffer) => (seen.out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (seen.error += chunk.toString()));
    child.stdin.on("error", () => {});
    begun.add(child);
    const done = once(child, "close").then(([exitCode]) => {
      begun.delete(child);
      return exitCode as number | null;
    });
    return { child, seen, done };
  }
  const begun = new Set<ChildProcess>();
  // Of a test that failed.
  afterEach(() => {
    for (const child of begun) child.kill("SIGKILL");
  });
  const inPty = (...args: string[]): Promise<PtyProcess> => startInPty(KPOD, call(...args));
  /** The pid of kpod that a shell in a terminal has started. */
  const childOf = ({ pid }: PtyProcess): number =>
    Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0]);

  test("several see what is written, each may type, and both end with the container and its exit code", async () => {
    const script = 'while read line; do echo "got $line"; echo err >&2; [ $line != end ] || exit 9; done';
    const reader = await node.start(pod, "reader", script, { stdin: true });
    const counted = attachedTo(reader);
    const one = begin("attach", "reader");
    const two = begin("attach", "reader");
    const looking = begin("attach", "--no-stdin", "reader");
    await counted(3);
    one.child.stdin.write("a\n");
    await until("all see it", () => [one, two, looking].every(({ seen }) => seen.out === "got a\n"));
    // Who leaves leaves the input open.
    one.child.kill("SIGKILL");
    await one.done;
    looking.child.stdin.write("nothing of this\n");
    two.child.stdin.end("end\n");
    for (const { done, seen } of [two, looking]) {
      expect(await done).toBe(9);
      expect(seen).toEqual({ out: "got a\ngot end\n", error: "err\nerr\n" });
    }
    expect(await node.refusal("attach", "reader")).toContain("it is not running");
    await node.ok("rm", reader.id);
  });

  test("many megabytes of bytes go in and come out unharmed, and with --stdin-once their end is the input's", async () => {
    // Under one runtime; what it does for the streams it has done when the container is made.
    const bytes = randomBytes(runtime === "runc" ? 100_000_000 : 10_000_000);
    const sum = createHash("sha256").update(bytes).digest("hex");
    const { id } = await node.start(pod, "echo", "exec cat", { stdin: true, stdinOnce: true });
    const child = spawn(KPOD, call("attach", "echo"), { stdio: ["pipe", "pipe", "inherit"] });
    const hash = createHash("sha256");
    let size = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      hash.update(chunk);
    });
    child.stdin.end(bytes);
    const [exitCode] = (await once(child, "close")) as [number];
    expect([exitCode, size, hash.digest("hex")]).toEqual([0, bytes.length, sum]);
    await node.ok("rm", id);
  }, 120_000);

  test("run -i hands on a file to its end, and keys in it are only bytes", async () => {
    const file = join(node.world.scratch, "input");
    writeFileSync(file, "one\x10\x11two\n");
    const fd = openSync(file, "r");
    const args = call("run", "--rm", "-i", "--pod", "shop", "busybox", "cat");
    const child = spawn(KPOD, args, { stdio: [fd, "pipe", "inherit"] });
    closeSync(fd);
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    const [exitCode] = (await once(child, "close")) as [number];
    expect([exitCode, Buffer.concat(chunks).toString()]).toEqual([0, "one\x10\x11two\n"]);

    const asks = ["--rm", "--pod", "shop", "busybox", "sh", "-c", "echo out; echo err >&2"];
    expect(await node.kpod("run", "-a", "stderr", ...asks)).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "err\n",
    });
    expect(await node.kpod("run", "-it", "--pod", "shop", "busybox", "true")).toMatchObject({ exitCode: 2 });
    expect(await node.kpod("run", "-d", "-a", "stdout", "busybox")).toMatchObject({ exitCode: 2 });
    expect(await node.kpod("attach", "--detach-keys", "ctrl-1", "x")).toMatchObject({ exitCode: 2 });
  });

  test("run says with 126 and 127 that the command cannot be run, and nothing is left", async () => {
    const before = await node.ok("ps", "-aq");
    for (const [command, exitCode] of [
      ["nosuch", 127],
      ["/no/such", 127],
      ["/etc", 126],
    ] as const) {
      const result = await node.kpod("run", "-i", "--pod", "shop", "busybox", command);
      expect([command, result.exitCode, result.stdout]).toEqual([command, exitCode, ""]);
      expect(result.stderr).toMatch(/^Error: [^\n]+\n$/);
    }
    expect(await node.kpod("run", "--pod", "nobody", "busybox")).toMatchObject({ exitCode: 125 });
    expect(await node.ok("ps", "-aq")).toBe(before);
  });

  test("run -it is like a terminal of its own: size, keys, leaving, attaching anew, and its exit code", async () => {
    const shell = await inPty("run", "-it", "--name", "shell", "--pod", "shop", "busybox", "sh");
    await until("the prompt", () => shell.output().includes("# "));
    expect(await isRaw(shell.pid)).toBe(true);
    shell.type("stty size; tty\n");
    await until("its size", () => /20 100\r\n\/dev\/(pts\/\d+|console)\r\n/.test(shell.output()));
    shell.resize(70, 33);
    await until("its new size", () => {
      shell.type("stty size\n");
      return shell.output().includes("33 70\r\n");
    });
    // The first of the keys alone goes on with the next one.
    shell.type("\x10\x03");
    shell.type("\x10");
    shell.type("\x11");
    expect(await shell.ended).toBe(0);
    expect(await node.ok("ps", "-f", "name=shell", "--format", "{{.Status}}")).toMatch(/^Up/);

    const again = await inPty("attach", "shell");
    // It is made to draw its prompt anew.
    await until("the prompt", () => again.output().includes("# "));
    await until("its size", () => {
      again.type("stty size\n");
      return again.output().includes("20 100\r\n");
    });
    again.type("sleep 1000\n");
    await until("it sleeps", () => again.output().includes("sleep 1000"));
    again.type("\x03");
    again.type("exit 7\n");
    expect(await again.ended).toBe(7);
    await node.ok("rm", "shell");
  });

  test.each(["SIGTERM", "SIGHUP", "SIGINT", "SIGKILL", "error"] as const)(
    "the terminal is restored after %s",
    async (how) => {
      const name = how.slice(-4).toLowerCase();
      const script = `trap "exit 6" TERM INT; echo ready; while :; do sleep 0.05; done`;
      const container = await node.start(pod, name, script, { terminal: true });
      await until("its trap is set", () => logOf(container).includes("ready"));
      // A shell around it, so that the terminal is there afterwards.
      const command = `${KPOD} -c ${node.world.config} attach ${name}`;
      const shell = await startInPty("sh", ["-c", `${command}; echo code=$?; read line`]);
      await until("kpod has the keys", async () => {
        const kpod = childOf(shell);
        return kpod !== 0 && (await isRaw(kpod));
      });
      if (how === "error") process.kill(conmonOf(container), "SIGKILL");
      else process.kill(childOf(shell), how);
      // The terminal of who sat there is gone: the container stays.
      const code = { SIGTERM: 6, SIGINT: 6, SIGHUP: 0, SIGKILL: 137, error: 125 }[how];
      await until("it has ended", () => shell.output().includes(`code=${code}`));
      await until("its mode", async () => !(await isRaw(shell.pid)));
      shell.type("\n");
      await shell.ended;
      expect(isAlive({ pid: pidOf(container) })).toBe(code !== 6);
      await node.ok("rm", "-f", name);
    },
  );

  test("signals go to the container but with --sig-proxy=false, and who asks twice gets out", async () => {
    const script = 'trap "echo int" INT; trap "exit 4" USR1; echo ready; while :; do sleep 0.05; done';
    const deaf = await node.start(pod, "deaf", script);
    await until("its traps are set", () => logOf(deaf).includes("ready"));
    const counted = attachedTo(deaf);
    const first = begin("attach", "--no-stdin", "deaf");
    const second = begin("attach", "--sig-proxy=false", "deaf");
    await counted(2);
    second.child.kill("SIGINT");
    expect(await second.done).toBe(130);
    expect(first.seen.out).not.toContain("int");
    first.child.kill("SIGINT");
    await until("it arrives", () => first.seen.out.includes("int\n"));
    first.child.kill("SIGTERM");
    expect(await first.done).toBe(0);
    const further = attachedTo(deaf);
    const last = begin("attach", "deaf");
    await further(1);
    last.child.kill("SIGUSR1");
    expect(await last.done).toBe(4);
    await node.ok("rm", "deaf");
  });

  test("without conmon it says so, before and while attached, and what still works does", async () => {
    const lonely = await node.start(pod, "lonely", "echo said; exec sleep 1000", { stdin: true });
    const counted = attachedTo(lonely);
    const attached = begin("attach", "lonely");
    await counted(1);
    await node.ok("pause", "lonely");
    expect(await node.refusal("attach", "lonely")).toContain("it is paused: unpause it first");
    await node.ok("unpause", "lonely");
    process.kill(conmonOf(lonely), "SIGKILL");
    await until("it is dead", () => !isAlive({ pid: conmonOf(lonely) }));
    const remedy = "kpod logs -f shows what was written, and kpod exec works\n";
    expect([await attached.done, attached.seen.error.endsWith(remedy)]).toEqual([125, true]);
    expect(`${await node.refusal("attach", "lonely")}\n`).toContain(remedy);
    expect(await node.ok("logs", "lonely")).toBe("said\n");
    expect(await node.ok("exec", "lonely", "echo", "still")).toBe("still\n");
    await node.ok("rm", "-f", "lonely");
    expect(await node.refusal("attach", "lonely")).toContain("lonely not found");
  });

  test("start -a and -i have the streams from the first byte to the end, of what was created and of what has ended", async () => {
    const job = await node.create(pod, "job", "read line; echo got $line; echo err >&2; exit 5", {
      stdin: true,
    });
    for (const attempt of [0, 1]) {
      const started = begin("start", "-i", "job");
      started.child.stdin.write(`${attempt}\n`);
      expect([await started.done, started.seen]).toEqual([5, { out: `got ${attempt}\n`, error: "err\n" }]);
      const { server } = await node.openServer();
      await server.updateRecords();
      const { metadata, dir } = server.lookupContainer(job.id);
      expect([metadata.attempt, JSON.parse(readFileSync(join(dir, "state.json"), "utf8"))]).toMatchObject([
        attempt,
        { status: "stopped", exitCode: 5 },
      ]);
    }
    // Output alone; what runs is only attached to.
    const third = begin("start", "--attach", "job");
    await until("it runs", async () => (await node.ok("ps", "-q", "-f", "name=job")) !== "");
    const other = begin("start", "-i", "job");
    other.child.stdin.write("x\n");
    expect([await third.done, third.seen.out]).toEqual([5, "got x\n"]);
    expect(await other.done).toBe(5);
    expect(await node.kpod("start", "-a", "job", "job")).toMatchObject({ exitCode: 2 });
    expect(await node.kpod("start", "-a", "nosuch")).toMatchObject({ exitCode: 125, stdout: "" });
    await node.agree();
    await node.ok("rm", "job");
  });

  test("who asks twice at once to end finds the terminal as it was", async () => {
    await node.start(pod, "asked", "while :; do sleep 0.05; done", { terminal: true });
    const command = `${KPOD} -c ${node.world.config} attach --sig-proxy=false asked`;
    const shell = await startInPty("sh", ["-c", `${command}; echo code=$?; stty -a; read line`]);
    await until("kpod has the keys", async () => {
      const kpod = childOf(shell);
      return kpod !== 0 && (await isRaw(kpod));
    });
    const kpod = childOf(shell);
    process.kill(kpod, "SIGSTOP");
    process.kill(kpod, "SIGTERM");
    process.kill(kpod, "SIGINT");
    process.kill(kpod, "SIGCONT");
    await until("it has ended", () => /code=1[34]/.test(shell.output()));
    await until("its mode", () => /-?icanon/.test(shell.output()));
    expect(shell.output()).toMatch(/[^-]icanon/);
    shell.type("\n");
    await shell.ended;
    await node.ok("rm", "-f", "asked");
  });

  test("many attachments in one process keep nothing else from the disk", async () => {
    const { server } = await node.openServer();
    await server.update();
    const leave = new AbortController();
    const cat = await node.start(pod, "many", "exec cat", { stdin: true });
    await server.update();
    const counted = attachedTo(cat);
    const seen = Array.from({ length: 6 }, () => ({ text: "" }));
    const ends = seen.map((each) =>
      server.containerAttach(cat.id, {
        streams: { stdout: (bytes) => void (each.text += bytes.toString()) },
        leave: leave.signal,
      }),
    );
    await counted(6);
    // There are four places for work on files: six who wait would leave none.
    expect((await readFile("/proc/self/comm", "utf8")).length).toBeGreaterThan(0);
    const typing = begin("attach", "many");
    typing.child.stdin.end("to all\n");
    await until("all see it", () => seen.every(({ text }) => text === "to all\n"));
    leave.abort();
    expect(await Promise.all(ends)).toEqual(seen.map(() => ({ detached: true })));
    await node.ok("rm", "-f", "many");
    await typing.done;
  });

  test("a caller of the library may keep the bytes that it is given", async () => {
    const { id } = await node.create(pod, "kept", "echo first; sleep 0.3; echo later");
    const { server } = await node.openServer();
    await server.update();
    const chunks: Buffer[] = [];
    const end = await server.containerAttach(id, {
      streams: { stdout: (bytes) => chunks.push(bytes) },
      start: async () => {
        await node.ok("start", id);
      },
    });
    expect([end, Buffer.concat(chunks).toString()]).toEqual([
      { detached: false, exitCode: 0 },
      "first\nlater\n",
    ]);
    await node.ok("rm", id);
  });

  test("what is created is attached to and started; hostile output is nobody's but the terminal's", async () => {
    const later = await node.create(pod, "later", "exec cat", { stdin: true });
    const counted = attachedTo(later);
    const attached = begin("attach", "later");
    await counted(1);
    await node.ok("start", "later");
    const hostile = `${"\x02\x03\0".repeat(20_000)}\x1b]0;title\x07`;
    attached.child.stdin.write(hostile);
    await until("all came back", () => attached.seen.out.length === hostile.length);
    expect(attached.seen.out).toBe(hostile);
    await node.ok("rm", "-f", "later");
    expect(await attached.done).toBe(137);
  });
});
