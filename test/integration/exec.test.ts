import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Container } from "../../src/lib/oci/container";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { isAlive, readChildren } from "../../src/lib/system/process";
import { KPOD } from "../helpers/kpod";
import { conmonOf, contentsOf, createNode, pidOf, readIfThere, type Node } from "../helpers/node";
import { finish, runProcess } from "../helpers/process";
import { startInPty, type PtyProcess } from "../helpers/pty";
import { until } from "../helpers/until";
import type { RuntimeName } from "../helpers/world";

/** How long sleeps take here, in seconds: by these words they are told from those of another run of the tests. */
const [limited, behind, killed, typed, orphaned] = ["5432", "6543", "7654", "8765", "4321"].map(
  (seconds) => `${seconds}.${process.pid}`,
) as [string, string, string, string, string];

/** Living processes whose command line has this word. */
function processesWith(word: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readIfThere(`/proc/${pid}/cmdline`).split("\0").includes(word) && isAlive({ pid }));
}

function isGone(pid: number): boolean {
  return !isAlive({ pid });
}

/** Whether a program's terminal hands on every key as it is. */
async function isRaw(pid: number): Promise<boolean> {
  const { stdout } = await runProcess("stty", ["-F", `/proc/${pid}/fd/0`, "-a"]);
  return stdout.includes("-icanon");
}

describe.each<RuntimeName>(["runc", "crun"])("under %s", (runtime) => {
  let node: Node;
  let pod: Sandbox;
  let web: Container;

  beforeAll(async () => {
    node = await createNode({ runtime });
    pod = await node.pod("shop");
    web = await node.start(pod, "web", "exec sleep 1000", {
      labels: { app: "web" },
      env: ["OWN=1", "BOTH=own"],
    });
  }, 120_000);
  afterAll(() => node.world.destroy(), 120_000);

  const exec = (...args: string[]) => node.kpod("exec", ...args);
  const script = (text: string, ...flags: string[]) => exec(...flags, "web", "sh", "-c", text);
  const inPty = (...args: string[]): Promise<PtyProcess> =>
    startInPty(KPOD, ["-c", node.world.config, "exec", ...args]);

  test("output goes where it belongs, and the exit code is the command's", async () => {
    const result = await script("echo out; echo err >&2; exit 7");
    expect(result).toEqual({ exitCode: 7, stdout: "out\n", stderr: "err\n" });
    expect(await script("kill -9 $$")).toMatchObject({ exitCode: 137 });
    // As kubectl has it.
    expect(await exec("web", "--", "echo", "-x", "--help")).toMatchObject({
      exitCode: 0,
      stdout: "-x --help\n",
    });
  });

  test("environment, user, directory and rights are the container's own, but for what flags say", async () => {
    const own = await script('echo "$OWN/$BOTH/$PWD"; id -u; grep CapEff /proc/self/status');
    const capabilities = /CapEff:\s*\w+/.exec(readFileSync(`/proc/${pidOf(web)}/status`, "utf8"))?.[0];
    expect(own).toMatchObject({ stdout: `1/own//\n0\n${capabilities ?? ""}\n`, stderr: "" });
    const file = join(node.world.scratch, "variables");
    writeFileSync(file, "# some\n\nFILE=a b\nBOTH=file\nNOT_THERE\r\nHANDED\n");
    const changed = await node.world.kpod(
      [
        ...[
          "exec",
          "-e",
          "BOTH=flag",
          "-e",
          "HANDED",
          "--env-file",
          file,
          "-u",
          "12:34",
          "-w",
          "/tmp",
          "web",
        ],
        ...[
          "sh",
          "-c",
          'echo "$OWN/$BOTH/$FILE/${NOT_THERE-none}/$HANDED/$PWD"; id; grep CapEff /proc/self/status',
        ],
      ],
      { env: { HANDED: "on" } },
    );
    expect(changed.stdout).toBe(
      "1/flag/a b/none/on//tmp\nuid=12 gid=34 groups=34\nCapEff:\t0000000000000000\n",
    );
    const all = await script("grep CapEff /proc/self/status", "--privileged");
    const ours = /CapBnd:\s*(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    expect(all.stdout).toBe(`CapEff:\t${ours ?? ""}\n`);
  });

  test("names of users are the container's", async () => {
    await script(
      "mkdir -p /etc; echo 'bob:x:77:78::/:/bin/sh' > /etc/passwd; printf 'bobs:x:78:\\nmore:x:79:bob\\n' > /etc/group",
    );
    expect((await script("id -u; id -g; id -G", "-u", "bob")).stdout).toBe("77\n78\n78 79\n");
    expect((await script("id -u; id -G", "-u", "bob:more")).stdout).toBe("77\n79\n");
    expect(await node.refusal("exec", "-u", "eve", "web", "id")).toContain("cannot run it as eve");
  });

  test("what the container makes of its passwd harms nobody", async () => {
    await script("rm -f /etc/passwd; mkfifo /etc/passwd");
    // The runtime would read it as well.
    for (const user of [[], ["-u", "bob"], ["-u", "77:78"]]) {
      const line = await node.refusal("exec", ...user, "web", "id");
      expect(line).toMatch(/^\/etc\/passwd of container web .* is no regular file/);
    }
    rmSync(`/proc/${pidOf(web)}/root/etc/passwd`);
    await script("truncate -s 1G /etc/passwd");
    expect(await node.refusal("exec", "-u", "bob", "web", "id")).toContain("is larger than 16 MiB");
    rmSync(`/proc/${pidOf(web)}/root/etc/passwd`);
    await script("ln -s /proc/1/root/../../../etc/shadow /etc/passwd");
    expect(await node.refusal("exec", "-u", "bob", "web", "id")).toContain("/etc/passwd");
    await script("rm -f /etc/passwd; echo root:x:0:0::/:/bin/sh > /etc/passwd");
  });

  test("what cannot be run is told in one line, with 126 and 127", async () => {
    const refused = async (...args: string[]): Promise<[number, string]> => {
      const { exitCode, stdout, stderr } = await exec(...args);
      expect([stdout, stderr.split("\n").length]).toEqual(["", 2]);
      return [exitCode, stderr];
    };
    expect(await refused("web", "nosuch")).toEqual([
      127,
      expect.stringMatching(/^Error: container web .* has no "nosuch" in its PATH/),
    ]);
    expect(await refused("web", "/no/such")).toEqual([127, expect.stringMatching(/^Error: .*\/no\/such/)]);
    expect(await refused("web", "/etc")).toEqual([126, expect.stringContaining("it is a directory")]);
    expect(await refused("web", "/etc/passwd")).toEqual([
      126,
      expect.stringContaining("not marked as executable"),
    ]);
    expect(await refused("-w", "/nope", "web", "id")).toEqual([
      125,
      expect.stringContaining("no directory /nope"),
    ]);
    expect(await refused("nobody", "id")).toEqual([125, expect.stringContaining("nobody not found")]);
    await script("printf '#!/no/interpreter\n' > /tmp/strange; chmod +x /tmp/strange");
    expect(await refused("web", "/tmp/strange")).toEqual([127, expect.stringContaining("interpreter")]);
    for (const args of [
      ["web"],
      ["-w", "tmp", "web", "id"],
      ["-d", "-i", "web", "id"],
      ["-t", "web", "id"],
      ["-x", "web", "id"],
    ]) {
      expect(await exec(...args)).toMatchObject({ exitCode: 2, stdout: "" });
    }
  });

  test("many megabytes of bytes come back unharmed, as root and as somebody else, from pipes and files", async () => {
    const bytes = randomBytes(runtime === "runc" ? 100_000_000 : 10_000_000);
    const file = join(node.world.scratch, "bytes");
    writeFileSync(file, bytes);
    const sum = createHash("sha256").update(bytes).digest("hex");
    for (const [user, input] of [
      ["0", "pipe"],
      ["12:34", "file"],
    ] as const) {
      const fd = openSync(file, "r");
      const args = ["-c", node.world.config, "exec", "-i", "-u", user, "web", "cat"];
      const child = spawn(KPOD, args, { stdio: [input === "pipe" ? "pipe" : fd, "pipe", "inherit"] });
      closeSync(fd);
      const hash = createHash("sha256");
      child.stdout?.on("data", (chunk: Buffer) => hash.update(chunk));
      child.stdin?.end(bytes);
      const [exitCode] = (await once(child, "close")) as [number];
      expect([user, exitCode, hash.digest("hex")]).toEqual([user, 0, sum]);
    }
  }, 120_000);

  test("a file that the output goes to stays root's, whoever writes", async () => {
    const path = join(node.world.scratch, "output");
    const fd = openSync(path, "w");
    const args = [
      "-c",
      node.world.config,
      "exec",
      "-u",
      "12:34",
      "web",
      "sh",
      "-c",
      "echo out; echo err >&2",
    ];
    const [exitCode] = (await once(spawn(KPOD, args, { stdio: ["ignore", fd, fd] }), "close")) as [number];
    closeSync(fd);
    expect([exitCode, statSync(path).uid, readFileSync(path, "utf8").split("\n").sort()]).toEqual([
      0,
      0,
      ["", "err", "out"],
    ]);
  });

  test("ten at once", async () => {
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) => script(`sleep 0.1; echo ${index}; exit ${index}`)),
    );
    expect(results).toEqual(
      results.map((_, index) => ({ exitCode: index, stdout: `${index}\n`, stderr: "" })),
    );
  });

  test("a time limit kills the command and what it has left to others", async () => {
    const result = await script(
      `trap '' TERM; echo begun; sleep ${limited} & (sleep ${limited} &) ; while :; do sleep 0.1; done`,
      "--timeout",
      "2",
    );
    expect(result).toEqual({ exitCode: 124, stdout: "begun\n", stderr: "" });
    expect(processesWith(limited)).toEqual([]);
    expect(await script("exit 3", "--timeout", "40")).toMatchObject({ exitCode: 3 });
  });

  test("signals reach the command", async () => {
    const handler = "for s in HUP INT QUIT TERM USR1; do trap \"echo $s\" $s; done; trap 'exit 4' USR2";
    const child = node.world.startKpod([
      "exec",
      "web",
      "sh",
      "-c",
      `${handler}; echo ready; while :; do sleep 0.05; done`,
    ]);
    const done = finish(child, "kpod exec");
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    await until("it listens", () => seen === "ready\n");
    for (const name of ["HUP", "INT", "QUIT", "TERM", "USR1"]) {
      child.kill(`SIG${name}` as NodeJS.Signals);
      await until(`it got ${name}`, () => seen.endsWith(`${name}\n`));
    }
    child.kill("SIGUSR2");
    expect(await done).toEqual({ exitCode: 4, stdout: "ready\nHUP\nINT\nQUIT\nTERM\nUSR1\n", stderr: "" });
  });

  test("in the background, with descriptors, and without anything left behind", async () => {
    const before = contentsOf(node.world);
    expect(await exec("-d", "web", "sh", "-c", `echo $$ > /tmp/pid; sleep ${behind}`)).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
    await until("it runs", () => processesWith(behind).length > 0);
    for (const pid of processesWith(behind)) process.kill(pid, "SIGKILL");
    expect(await exec("-d", "web", "nosuch")).toMatchObject({ exitCode: 127 });

    const path = join(node.world.scratch, "three");
    writeFileSync(path, "three\n");
    const fd = openSync(path, "r");
    const call = (count: string): string[] => [
      "-c",
      node.world.config,
      "exec",
      "--preserve-fds",
      count,
      "web",
      "sh",
      "-c",
      "cat <&3; ls /proc/self/fd | wc -l",
    ];
    const child = spawn(KPOD, call("1"), { stdio: ["ignore", "pipe", "inherit", fd] });
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(child, "close");
    closeSync(fd);
    // Those of cat are 0, 1, 2, 3 and the directory; what kpod and the runtime have is not among them.
    expect(Buffer.concat(chunks).toString()).toBe("three\n5\n");
    expect(await runProcess(KPOD, call("1"))).toMatchObject({ exitCode: 2 });

    const unwatched = node.world.startKpod(["exec", "web", "sleep", killed]);
    await until("it runs", () => processesWith(killed).length > 0);
    unwatched.kill("SIGKILL");
    await once(unwatched, "exit");
    for (const pid of processesWith(killed)) process.kill(pid, "SIGKILL");
    await until("all is as before", () => JSON.stringify(contentsOf(node.world)) === JSON.stringify(before));
  });

  test("with conmon dead", async () => {
    const lonely = await node.start(pod, "lonely", "exec sleep 1000");
    process.kill(conmonOf(lonely), "SIGKILL");
    await until("it is dead", () => !isAlive({ pid: conmonOf(lonely) }));
    expect(await exec("lonely", "echo", "still")).toEqual({ exitCode: 0, stdout: "still\n", stderr: "" });
    await node.ok("rm", "-f", "lonely");
  });

  test("what does not run says why", async () => {
    await node.create(pod, "fresh", "true");
    await node.start(pod, "ended", "true");
    await node.ok("wait", "ended");
    await node.ok("pause", "web");
    expect(await node.refusal("exec", "web", "true")).toMatch(
      /^cannot exec in container web \(\w+\): it is paused: unpause it first$/,
    );
    await node.ok("unpause", "web");
    expect(await node.refusal("exec", "fresh", "true")).toContain("it was created and never started");
    expect(await node.refusal("exec", "ended", "true")).toContain("it is not running");
    expect(await node.refusal("exec", "shop", "true")).toContain("name a container of it");
    await node.ok("rm", "-f", "fresh", "ended");
  });

  test("several containers: a heading each, the highest exit code, side by side or in turn", async () => {
    await node.start(pod, "api", "exec sleep 1000", { labels: { app: "web" } });
    const headings = /^==> shop\/api \(\w{13}\) <==\n(.*)\n\n==> shop\/web \(\w{13}\) <==\n(.*)\n$/s;
    const inTurn = await exec("--label", "app=web", "sh", "-c", "echo $BOTH; echo err >&2; test -z $BOTH");
    expect(inTurn).toMatchObject({ exitCode: 1, stderr: "err\nerr\n" });
    expect(headings.exec(inTurn.stdout)?.slice(1)).toEqual(["", "own"]);
    // More than what is kept for who is not on yet.
    const atOnce = await exec(
      "--pod",
      "shop",
      "-x",
      "sh",
      "-c",
      "head -c 3000000 /dev/zero | tr '\\0' x; echo; exit 5",
    );
    expect(atOnce).toMatchObject({ exitCode: 5, stderr: "" });
    expect(
      headings
        .exec(atOnce.stdout)
        ?.slice(1)
        .map(({ length }) => length),
    ).toEqual([3_000_000, 3_000_000]);
    const one = await exec("-f", "name=k8s_api_", "nosuch");
    expect(one).toMatchObject({
      exitCode: 127,
      stdout: expect.stringMatching(/^==> shop\/api .* <==\n$/) as string,
    });
    expect(one.stderr).toMatch(/^Error: container api /);
    expect(await node.refusal("exec", "--label", "app=none", "true")).toContain("no container that runs");
    await node.ok("rm", "-f", "api");
  });

  test("in a terminal: its size, its keys, and afterwards it is as before", async () => {
    const shell = await inPty("-it", "web", "sh");
    await until("the prompt", () => shell.output().includes("# "));
    expect(await isRaw(shell.pid)).toBe(true);
    shell.type("stty size; tty; echo =$TERM=\n");
    await until("its size", () => /20 100\r\n\/dev\/pts\/\d+\r\n=xterm=\r\n/.test(shell.output()));
    shell.resize(70, 33);
    await until("its new size", () => {
      shell.type("stty size\n");
      return shell.output().includes("33 70\r\n");
    });
    shell.type(`sleep ${typed}\n`);
    await until("it sleeps", () => processesWith(typed).length > 0);
    shell.type("\x03");
    await until("it was ended", () => processesWith(typed).length === 0);
    shell.type("exit 9\n");
    expect(await shell.ended).toBe(9);

    const missing = await inPty("-it", "web", "nosuch");
    expect(await missing.ended).toBe(127);
    expect(missing.output()).toMatch(/Error:.* has no "nosuch"/);
  });

  test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
    "%s to kpod reaches the command, and the terminal is restored",
    async (signal) => {
      // A shell around it, so that the terminal is there afterwards.
      const command = `${KPOD} -c ${node.world.config} exec -it web sh -c 'trap "exit 6" ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done'`;
      const shell = await startInPty("sh", ["-c", `${command}; echo code=$?; stty -a; read line`]);
      await until("it is ready", () => shell.output().includes("ready"));
      const [kpod = 0] = readChildren(shell.pid);
      expect(await isRaw(kpod)).toBe(true);
      process.kill(kpod, signal);
      await until("it has ended", () => shell.output().includes("code=6"));
      await until("its mode", () => /[^-]icanon/.test(shell.output()));
      shell.type("\n");
      await shell.ended;
    },
  );

  test("where kpod is killed, the terminal is restored, and the command hears that it is gone", async () => {
    const call = `${KPOD} -c ${node.world.config} exec -it web sh -c 'echo ready; exec sleep ${orphaned}'`;
    const shell = await startInPty("sh", ["-c", `${call}; echo code=$?; read line; echo line=$line`]);
    await until("it is ready", () => shell.output().includes("ready"));
    const [kpod = 0] = readChildren(shell.pid);
    expect(await isRaw(kpod)).toBe(true);
    const started = readChildren(kpod);
    process.kill(kpod, "SIGKILL");
    await until("nothing of it is left", () => [...started, ...processesWith(orphaned)].every(isGone));
    await until("its mode", async () => !(await isRaw(shell.pid)));
    shell.type("typed\n");
    await until("the shell has the keys", () => shell.output().includes("line=typed"));
    expect(shell.output()).toContain("code=137");
    await shell.ended;
  });

  test("Ctrl-C without a terminal of its own arrives once", async () => {
    const counting =
      "n=0; trap 'n=$((n+1))' INT; echo ready; while [ $n = 0 ]; do sleep 0.1; done; sleep 0.5; exit $n";
    const child = await inPty("web", "sh", "-c", counting);
    await until("it is ready", () => child.output().includes("ready"));
    child.type("\x03");
    expect(await child.ended).toBe(1);
  });

  test("with /proc mounted over it says so, and nothing hangs", async () => {
    const odd = await node.start(pod, "odd", "exec sleep 1000");
    mkdirSync(join(node.world.scratch, "empty"), { recursive: true });
    const mounted = await runProcess("nsenter", [
      "-t",
      String(pidOf(odd)),
      "-m",
      "/bin/mount",
      "-t",
      "tmpfs",
      "none",
      "/proc",
    ]);
    expect(mounted.exitCode).toBe(0);
    const { exitCode, stderr } = await exec("--timeout", "20", "odd", "true");
    expect([0, 125]).toContain(exitCode);
    if (exitCode !== 0) expect(stderr).toMatch(/^Error: cannot exec in container odd \(\w+\): .+\n$/);
    await node.ok("rm", "-f", "odd");
  });
});
