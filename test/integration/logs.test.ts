import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { isNotFound } from "../../src/lib/errors";
import type { Container } from "../../src/lib/oci/container";
import { KPOD } from "../helpers/kpod";
import { useNode, usePod, type Node } from "../helpers/node";
import { runProcess } from "../helpers/process";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");
/** A container that has ended: `hello` of stdout and stderr. */
let hello: Container;

beforeAll(async () => {
  hello = await node.start(
    pod,
    "hello",
    "echo out 1; echo err 1 >&2; sleep 0.1; echo out 2; echo err 2 >&2",
    {
      labels: { tier: "front end" },
    },
  );
  await node.ok("wait", "hello");
}, 120_000);

/** A container that goes on when its test says so. */
interface Paced {
  container: Container;
  /** Lets the script pass its next `next`. */
  readonly go: () => void;
}

/** Starts a container whose script waits at each word `next`. */
async function startPaced(name: string, script: string, options: { started?: false } = {}): Promise<Paced> {
  const directory = join(node.world.scratch, name);
  mkdirSync(directory);
  const wait = "n=$((n+1)); until [ -e /pace/$n ]; do sleep 0.02; done";
  const volumes = [{ hostPath: directory, containerPath: "/pace", readonly: true }];
  const make: Node["start"] = (...args) =>
    options.started === false ? node.create(...args) : node.start(...args);
  const container = await make(pod, name, `n=0; ${script.replaceAll("next", wait)}`, { volumes });
  let steps = 0;
  return {
    container,
    go: () => {
      writeFileSync(join(directory, String(++steps)), "");
    },
  };
}

interface Running {
  child: ChildProcessWithoutNullStreams;
  stdout: () => string;
  stderr: () => string;
  /** 128 plus the signal's number where a signal ended it. */
  exitCode: Promise<number>;
}

function start(...args: string[]): Running {
  const child = node.world.startKpod(args);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => (output[name] += chunk.toString()));
  }
  const exitCode = new Promise<number>((resolve) => {
    child.on("close", (code) => {
      resolve(code ?? -1);
    });
  });
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, exitCode };
}

describe("a container that has ended", () => {
  test("what it wrote comes on the streams it wrote it to", async () => {
    const result = await node.kpod("logs", "hello");
    expect(result).toEqual({ exitCode: 0, stdout: "out 1\nout 2\n", stderr: "err 1\nerr 2\n" });
  });

  test.each([
    [["--tail", "1", "--stream", "stdout"], "out 2\n", ""],
    [["--tail", "0"], "", ""],
    [["--stream", "stderr"], "", "err 1\nerr 2\n"],
    [["--since", "1h"], "out 1\nout 2\n", "err 1\nerr 2\n"],
    [["--until", "1h"], "", ""],
    [["--since", "2006-01-02", "--until", "2100-01-02T15:04:05Z"], "out 1\nout 2\n", "err 1\nerr 2\n"],
    [["--follow"], "out 1\nout 2\n", "err 1\nerr 2\n"],
    [["-f", "--tail", "2"], "out 2\n", "err 2\n"],
  ])("%j", async (flags, stdout, stderr) => {
    expect(await node.kpod("logs", ...flags, "hello")).toEqual({ exitCode: 0, stdout, stderr });
  });

  test("times are those of the log, and one of them says where to begin", async () => {
    const lines = readFileSync(hello.logPath, "utf8").split("\n");
    const time = lines.find((line) => line.endsWith("out 2"))?.split(" ")[0] ?? "";
    expect(await node.kpod("logs", "-t", "--stream", "stdout", "--since", time, "hello")).toEqual({
      exitCode: 0,
      stdout: `${time} out 2\n`,
      stderr: "",
    });
  });

  test("names and details stand before each line", async () => {
    const { stdout } = await node.kpod(
      "logs",
      "--names",
      "--details",
      "--tail",
      "1",
      "--stream",
      "stdout",
      "hello",
    );
    expect(stdout).toMatch(
      /^k8s_hello_shop_default_[0-9a-f-]+_0 io\.kubernetes\.container\.name=hello,.*,tier=front\+end out 2\n$/,
    );
  });

  test("the library gives the same lines, one by one", async () => {
    const { server } = await node.openServer();
    await server.updateRecords();
    const lines = [];
    for await (const line of server.getLogs("hello", { stream: "stderr", details: true })) lines.push(line);
    expect(lines.map(({ text, stream }) => [text.toString(), stream])).toEqual([
      ["err 1", "stderr"],
      ["err 2", "stderr"],
    ]);
    expect(lines[0]?.details).toMatchObject({ tier: "front end" });
    const since = new Date(lines[1]?.time ?? "");
    const later = server.getLogs("hello", { stream: "stderr", sinceTime: since, tail: 5 });
    expect((await later.next()).value).toMatchObject({ text: Buffer.from("err 2") });
    await later.return();
  });

  test("no runtime is asked, and nothing is changed", async () => {
    const listing = (): string[] =>
      readdirSync(node.world.directory, { recursive: true, encoding: "utf8" })
        .filter((name) => !name.includes("/merged/"))
        .map((name) => {
          const { mtimeMs, size } =
            statSync(join(node.world.directory, name), { throwIfNoEntry: false }) ?? {};
          return `${name} ${mtimeMs ?? ""} ${size ?? ""}`;
        });
    const before = listing();
    const result = await node.kpod("--runtime", "/no/such/runtime", "logs", "-f", "--tail", "2", "hello");
    expect(result).toEqual({ exitCode: 0, stdout: "out 2\n", stderr: "err 2\n" });
    expect(listing()).toEqual(before);
  });
});

describe("what is written", () => {
  test.each([
    [
      "a line longer than conmon reads at once",
      "head -c 50000 /dev/zero | tr '\\0' x; echo",
      `${"x".repeat(50_000)}\n`,
    ],
    ["a last line without its end", "printf 'one\\ntwo'", "one\ntwo"],
    ["empty lines", "printf '\\n\\nx\\n\\n'", "\n\nx\n\n"],
    [
      "lines that look like those of the log",
      "echo 2026-11-23T10:41:25Z stdout F x",
      "2026-11-23T10:41:25Z stdout F x\n",
    ],
  ])("%s", async (name, script, stdout) => {
    const container = await node.start(pod, name.replaceAll(" ", "-"), script);
    await node.ok("wait", container.id);
    expect(await node.kpod("logs", container.id)).toEqual({ exitCode: 0, stdout, stderr: "" });
  });

  test("bytes that are no text come through untouched", async () => {
    const octal = Array.from({ length: 256 }, (_, byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
    const container = await node.start(pod, "bytes", `printf '${octal}'`);
    await node.ok("wait", container.id);
    const printed = execFileSync(KPOD, ["-c", node.world.config, "logs", "bytes"]);
    expect([...printed]).toEqual(Array.from({ length: 256 }, (_, byte) => byte));
  });

  test("on a terminal the lines of both streams keep their order", async () => {
    const script = `exec ${KPOD} -c ${node.world.config} logs hello 2>&1`;
    const { stdout } = await runProcess("sh", ["-c", script]);
    const written = readFileSync(hello.logPath, "utf8").match(/(out|err) \d$/gm) ?? [];
    expect(stdout.split("\n").slice(0, -1)).toEqual([...written]);
  });
});

describe("several containers", () => {
  test("come one after the other; one that is not there is an error of its own", async () => {
    await node.start(pod, "other", "echo other; printf unfinished");
    await node.ok("wait", "other");
    expect(await node.kpod("logs", "--stream", "stdout", "other", "nothere", "hello")).toEqual({
      exitCode: 1,
      stdout: "other\nunfinished\nout 1\nout 2\n",
      stderr: "Error: container with ID starting with nothere not found: ID does not exist\n",
    });
  });

  test("are followed side by side", async () => {
    const [one, two] = [
      await startPaced("one", "echo a; next; echo c; next; echo e"),
      await startPaced("two", "next; echo b; next; echo d"),
    ];
    const logs = start("logs", "-f", "one", "two");
    const wrote = (text: string): Promise<void> => until(`${text} was printed`, () => logs.stdout() === text);
    await wrote("a\n");
    two.go();
    await wrote("a\nb\n");
    one.go();
    await wrote("a\nb\nc\n");
    two.go();
    await wrote("a\nb\nc\nd\n");
    one.go();
    expect(await logs.exitCode).toBe(0);
    expect(logs.stdout()).toBe("a\nb\nc\nd\ne\n");
  });
});

describe("following", () => {
  test("prints what is written as it is, also a line that is not ended, until the container has ended", async () => {
    const { go } = await startPaced(
      "talk",
      "echo hi; next; printf 'name? '; next; echo Ada; next; echo bye >&2",
    );
    const logs = start("logs", "-f", "talk");
    const wrote = (text: string): Promise<void> => until(`${text} was printed`, () => logs.stdout() === text);
    await wrote("hi\n");
    go();
    await wrote("hi\nname? ");
    go();
    await wrote("hi\nname? Ada\n");
    go();
    expect(await logs.exitCode).toBe(0);
    expect(logs.stderr()).toBe("bye\n");
  });

  test("goes on through rotation, as the kubelet and conmon do it", async () => {
    const { container, go } = await startPaced(
      "rotated",
      "echo 1; next; echo 2; next; echo third; next; echo 4",
    );
    const { logPath, bundlePath } = container;
    const logs = start("logs", "-f", "rotated");
    const wrote = (text: string): Promise<void> => until(`${text} was printed`, () => logs.stdout() === text);
    await wrote("1\n");
    renameSync(logPath, `${logPath}.20260101-000000`);
    go();
    await wrote("1\n2\n");
    // What CRI-O writes there for ReopenContainerLog.
    writeFileSync(join(bundlePath, "ctl"), "2 0 0\n");
    await until(
      "conmon has made a new log",
      () => statSync(logPath, { throwIfNoEntry: false }) !== undefined,
    );
    go();
    await wrote("1\n2\nthird\n");
    // What is written there next is shorter, so that it does not matter when kpod comes to look.
    truncateSync(logPath);
    go();
    expect(await logs.exitCode).toBe(0);
    expect(logs.stdout()).toBe("1\n2\nthird\n4\n");
    execFileSync("gzip", [`${logPath}.20260101-000000`]);
    expect(await node.ok("logs", "rotated")).toBe("1\n2\n4\n");
    expect(await node.ok("logs", "--tail", "2", "rotated")).toBe("2\n4\n");
  });

  test("waits for a container that is not started yet", async () => {
    const { container } = await startPaced("later", "echo at last", { started: false });
    const logs = start("logs", "-f", "later");
    await until("kpod waits", () => isWaiting(logs.child));
    expect(logs.stdout()).toBe("");
    await node.world.runtime(["start", container.id]);
    expect(await logs.exitCode).toBe(0);
    expect(logs.stdout()).toBe("at last\n");
  });

  test("ends with a container that is killed together with its conmon", async () => {
    const { container } = await startPaced("orphan", "echo here; next");
    const logs = start("logs", "-f", "orphan");
    await until("it has printed", () => logs.stdout() === "here\n");
    process.kill(Number(readFileSync(join(container.bundlePath, "conmon-pidfile"), "utf8")), "SIGKILL");
    await node.world.runtime(["kill", container.id, "KILL"]);
    expect(await logs.exitCode).toBe(0);
  });

  test("ends with a container that is removed", async () => {
    await startPaced("gone", "echo here; next");
    const logs = start("logs", "-f", "gone");
    await until("it has printed", () => logs.stdout() === "here\n");
    await node.ok("rm", "-f", "gone");
    expect(await logs.exitCode).toBe(0);
    expect(logs.stderr()).toBe("");
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends it with %d", async (signal, exitCode) => {
    const name = `for-${signal.toLowerCase()}`;
    await startPaced(name, "echo here; next");
    const logs = start("logs", "-f", name);
    await until("it has printed", () => logs.stdout() === "here\n");
    logs.child.kill(signal);
    expect(await logs.exitCode).toBe(exitCode);
    expect(logs.stderr()).toBe("");
  });

  test("prints the last of several lines that come within a millisecond", async () => {
    const { container, go } = await startPaced("burst", "next");
    const logs = start("logs", "-f", "burst");
    await until("kpod waits", () => isWaiting(logs.child));
    const append = (text: string): void => {
      appendFileSync(container.logPath, `2026-01-01T00:00:00.000000000Z stdout F ${text}\n`);
    };
    let expected = "";
    for (let round = 0; round < 400; round++) {
      append(`${round} a`);
      const end = performance.now() + (round % 20) * 0.1;
      while (performance.now() < end);
      append(`${round} b`);
      expected += `${round} a\n${round} b\n`;
      await until("both lines were printed", () => logs.stdout() === expected);
    }
    go();
    expect(await logs.exitCode).toBe(0);
  });

  test("does without inotify where the node has used it up", async () => {
    const { go } = await startPaced("no-inotify", "echo 1; next; echo 2");
    const inside = `echo 0 > /proc/sys/user/max_inotify_instances && exec ${KPOD} -c ${node.world.config} logs -f no-inotify`;
    const running = runProcess("unshare", ["--user", "--map-root-user", "sh", "-c", inside]);
    go();
    expect(await running).toEqual({ exitCode: 0, stdout: "1\n2\n", stderr: "" });
  });
});

describe("a reader that goes away", () => {
  const exitCode = async (command: string): Promise<string> => {
    const { stdout, stderr } = await runProcess("bash", [
      "-c",
      `${KPOD} -c ${node.world.config} logs ${command} | head -1; echo \${PIPESTATUS[0]}`,
    ]);
    expect(stderr).toBe("");
    return stdout;
  };

  test("ends kpod quietly in the middle of a long log", async () => {
    const container = await node.start(pod, "long", "yes | head -c 3000000");
    await node.ok("wait", container.id);
    expect(await exitCode("long")).toBe("y\n141\n");
  });

  test("ends it also when nothing is written any more", async () => {
    await startPaced("silent", "echo once; next");
    expect(await exitCode("-f silent")).toBe("once\n141\n");
  });
});

describe("wrong usage and bad input", () => {
  test.each([
    [["--since", "yesterday", "hello"], 'invalid value "yesterday" for --since: it must be a time'],
    [["--until", "2026-02-30", "hello"], 'invalid value "2026-02-30" for --until: it must be a time'],
    [["--tail", "many", "hello"], 'invalid value "many" for --tail: it must be an integer of at least 0'],
    [["--tail", "-1", "hello"], "option --tail requires a value"],
    [["--stream", "stdin", "hello"], 'invalid value "stdin" for --stream: it must be stdout or stderr'],
    [[], "too few arguments, logs takes CONTAINER..."],
  ])("%j ends with 2", async (args, message) => {
    const { exitCode, stdout, stderr } = await node.kpod("logs", ...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      expect.stringContaining(`Error: ${message}`),
      "Run 'kpod logs --help' for help.",
      "",
    ]);
  });

  test.each([[[]], [["-f"]]])("a missing log is an error at once: %j", async (flags) => {
    const { container } = await startPaced(`lost${flags.length}`, "next");
    rmSync(container.logPath);
    expect(await node.refusal("logs", ...flags, container.id)).toBe(
      `cannot open the log ${container.logPath}: no such file or directory`,
    );
  });

  test("a directory in the place of a log", async () => {
    const container = await node.start(pod, "directory", "true");
    await node.ok("wait", container.id);
    rmSync(container.logPath);
    symlinkSync(dirname(container.logPath), container.logPath);
    expect(await node.refusal("logs", "directory")).toBe(
      `the log ${container.logPath} is not a regular file`,
    );
  });

  test("a log path that is not absolute", async () => {
    const container = await node.start(pod, "relative", "true");
    await node.ok("wait", container.id);
    const path = join(container.dir, "config.json");
    const spec = JSON.parse(readFileSync(path, "utf8")) as { annotations: Record<string, string> };
    spec.annotations["io.kubernetes.cri-o.LogPath"] = "../../etc/passwd";
    writeFileSync(path, JSON.stringify(spec));
    expect(await node.refusal("logs", "relative")).toMatch(
      /^the log path of container k8s_relative_.* is not an absolute path: "..\/..\/etc\/passwd"$/,
    );
  });
});

/** True when a kpod watches a log. */
function isWaiting({ pid }: ChildProcessWithoutNullStreams): boolean {
  const directory = `/proc/${pid ?? 0}/fdinfo`;
  return readdirSync(directory).some((fd) => {
    try {
      return readFileSync(join(directory, fd), "utf8").includes("inotify wd:");
    } catch (error) {
      // Closed since it was listed.
      if (isNotFound(error)) return false;
      throw error;
    }
  });
}

test("a log that was moved away goes on in a new file once conmon has opened that", async () => {
  const { container, go } = await startPaced("moved", "echo before; next; echo after; exec sleep 1000");
  await until("it writes", () => readFileSync(container.logPath, "utf8").includes("before"));
  expect(await node.refusal("logs", "--reopen", "moved")).toContain(
    `conmon would begin ${container.logPath} anew, and what is in it be lost: move it away first`,
  );
  expect(readFileSync(container.logPath, "utf8")).toContain("before");
  renameSync(container.logPath, `${container.logPath}.old`);
  expect(await node.ok("logs", "--reopen", "moved")).toBe(`${container.id}\n`);
  go();
  await until("it goes on", () => readFileSync(container.logPath, "utf8").includes("after"));
  expect(readFileSync(container.logPath, "utf8")).not.toContain("before");
  expect(readFileSync(`${container.logPath}.old`, "utf8")).not.toContain("after");
  await node.ok("rm", "-f", "moved");
  expect(await node.refusal("logs", "-r", "hello")).toBe(
    `cannot reopen the log of container ${hello.id}: no conmon is there that writes it`,
  );
}, 120_000);

test("--limit-bytes ends the output, also one that is followed", async () => {
  expect(await node.ok("logs", "--stream", "stdout", "--limit-bytes", "8", "hello")).toBe("out 1\nou");
  expect(await node.ok("logs", "--limit-bytes", "0", "hello")).toBe("");
  const { container } = await startPaced("endless", "while :; do echo word; sleep 0.1; done");
  expect(await node.ok("logs", "-f", "--limit-bytes", "12", container.id)).toBe("word\nword\nwo");
  // One that failed before is not forgotten.
  const { exitCode, stdout } = await node.kpod("logs", "-f", "--limit-bytes", "4", "nobody", container.id);
  expect([exitCode, stdout]).toEqual([1, "word"]);
  await node.ok("rm", "-f", "endless");
}, 120_000);

test("an attempt that is not there is named", async () => {
  expect(await node.ok("logs", "--stream", "stdout", "--attempt", "0", "hello")).toBe("out 1\nout 2\n");
  expect(await node.refusal("logs", "--attempt", "3", "hello")).toBe(
    "container hello has no attempt 3: on this node there is 0",
  );
  expect(await node.refusal("inspect", "--attempt", "3", "hello")).toContain("has no attempt 3");
});
