import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BUSYBOX_PATHS } from "../../scripts/lib/image-rootfs.mjs";
import { cgroupDirectories } from "../../scripts/lib/machine.mjs";
import { cgroupFilesOf } from "../../src/lib/cgroups/mounts";
import type { Container } from "../../src/lib/oci/container";
import type { Sandbox } from "../../src/lib/sandbox/sandbox";
import { abandonedSessions } from "../../src/lib/operations/debug-sessions";
import { mountNamespaceOf } from "../../src/lib/system/namespaces";
import { processIds } from "../../src/lib/system/process";
import { examined, type ShownFinding } from "../helpers/doctor";
import { freezerOf } from "../helpers/freezer";
import { tarOf, writeLayout } from "../helpers/image-layout";
import { KPOD } from "../helpers/kpod";
import { contentsOf, createNode, pidOf, readIfThere, useNode, usePod, type Node } from "../helpers/node";
import { finish } from "../helpers/process";
import { startInPty } from "../helpers/pty";
import { until } from "../helpers/until";
import type { RuntimeName } from "../helpers/world";

/** How long the sleeps of this run of the test take, in seconds: by these words they are told from those of another run. */
const [long, longer, moment] = [`4321.${process.pid}`, `8765.${process.pid}`, `0.05${process.pid}`];

function isRunning(pid: number, ...words: string[]): boolean {
  return readIfThere(`/proc/${pid}/cmdline`) === `${words.join("\0")}\0`;
}

/** Whether any process runs with these words; on a node with a thousand of them that is not asked all the time. */
async function runs(...words: string[]): Promise<boolean> {
  await sleep(200);
  return processIds().some((pid) => isRunning(pid, ...words));
}

/** What there is of sessions anywhere: their processes, and their cgroups. */
function sessions(parent: string): string[] {
  return [
    ...processIds().filter(
      (pid) =>
        mountNamespaceOf(pid) !== mountNamespaceOf("self") &&
        readIfThere(`/proc/${pid}/cgroup`).includes(basename(parent)) &&
        readIfThere(`/proc/${pid}/mountinfo`).includes(" kpod-debug-"),
    ),
    ...cgroupDirectories(parent).filter((path) => path.includes("kpod-debug-")),
  ].map(String);
}

describe.each<RuntimeName>(["runc", "crun"])("under %s", (runtime) => {
  let node: Node;
  let pod: Sandbox;
  let web: Container;
  let before: string[];

  beforeAll(async () => {
    node = await createNode({ runtime });
    const { world } = node;
    // An image of one static program, which is its name.
    const programs = join(world.scratch, "programs");
    const busybox = BUSYBOX_PATHS.find((path) => existsSync(path)) ?? "";
    const layer = tarOf(dirname(busybox), ["busybox"], "s,busybox,sleep,");
    await node.ok("load", "-q", "--tag", "localhost/one:1", writeLayout(programs, [layer]));
    pod = await node.pod("shop");
    web = await node.start(pod, "web", "", {
      image: "localhost/one:1",
      command: ["/sleep", "1000"],
      env: ["SECRET=1"],
    });
    const tool = join(world.scratch, "tool");
    writeFileSync(tool, "#!/bin/sh\necho $1; echo to stderr >&2; exit 3\n", { mode: 0o755 });
    await node.start(pod, "db", "echo begun > /begun; exit 3", {
      env: ["OWN=1"],
      volumes: [{ hostPath: world.scratch, containerPath: "/volume", readonly: true }],
      limits: { memory: 67_108_864 },
    });
    await node.ok("wait", "shop/db");
    before = contentsOf(world);
  }, 120_000);
  afterAll(() => node.world.destroy(), 180_000);

  // Nothing of any session is left: no file, record, mount, cgroup, process.
  afterEach(() => {
    expect(sessions(node.world.cgroupParent)).toEqual([]);
    expect(contentsOf(node.world)).toEqual(before);
  });

  const debug = (...args: string[]) => node.kpod("debug", ...args);

  test("an image that is one program is looked into with the node's tools, in its namespaces and cgroup", async () => {
    const kinds = ["pid", "net", "ipc", "uts", "user", "cgroup"];
    const script = [
      `for kind in ${kinds.join(" ")}; do readlink /proc/self/ns/$kind; done`,
      "if [ $(wc -l < /proc/self/cgroup) = 1 ]; then cat /proc/self/cgroup; else grep -v ^0:: /proc/self/cgroup; fi; ls /target; grep CapEff /proc/self/status; hostname",
      'echo "secret=$SECRET"; touch /usr/x 2>/dev/null || echo read-only; echo made > /target/made; exit 7',
    ].join("; ");
    const result = await debug("shop/web", "sh", "-c", script);
    const pid = pidOf(web);
    expect(result).toEqual({
      exitCode: 7,
      stdout: [
        ...kinds.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`)),
        // crun does not see that of version 2 where there are both.
        ...readFileSync(`/proc/${pid}/cgroup`, "utf8")
          .split("\n")
          .filter((line, _, { length }) => line !== "" && (length < 3 || !line.startsWith("0::"))),
        ...["dev", "etc", "proc", "run", "sleep", "sys", "var"].filter((name) =>
          existsSync(`/proc/${pid}/root/${name}`),
        ),
        /CapEff.*/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[0] ?? "",
        "shop",
        "secret=",
        "read-only",
        "",
      ].join("\n"),
      stderr: "",
    });
    expect(readFileSync(`/proc/${pid}/root/made`, "utf8")).toBe("made\n");
    const told = [
      "events",
      "--no-stream",
      "-f",
      "container=web",
      "-f",
      "event=exec",
      "-f",
      "event=exec_died",
    ];
    const form = ["--format", "{{.Status}} {{.ContainerExitCode}} {{.Attributes.command}}"];
    expect(await node.ok(...told, ...form)).toBe("exec  sh\nexec_died 7 <no value>\n");
    const privileged = await debug(
      "--privileged",
      "web",
      "sh",
      "-c",
      "grep -E 'CapEff|Seccomp:' /proc/self/status",
    );
    const all = /CapBnd:\s*(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
    expect(privileged.stdout).toBe(`CapEff:\t${all}\nSeccomp:\t0\n`);
  });

  test("the tools of an image, and what is written among them is lost", async () => {
    const result = await debug(
      ...["--image", "busybox", "--target-root", "/mnt/web", "-u", "12:34", "-e", "A=b", "web"],
      ...[
        "sh",
        "-c",
        'id -u; echo "$A"; ls -d /mnt/web/sleep; ps | grep -c "[s]leep 1000"; touch /tmp/x && ls /tmp',
      ],
    );
    expect(result).toEqual({ exitCode: 0, stdout: "12\nb\n/mnt/web/sleep\n1\nx\n", stderr: "" });
    expect((await debug("--image", "busybox", "web", "ls", "/tmp")).stdout).toBe("");
    // A pod, by its infra container.
    expect((await debug("--image", "busybox", "shop", "ls", "/target/pause")).stdout).toBe("/target/pause\n");
  });

  test("input, and what is left running", async () => {
    const child = node.world.startKpod([
      "debug",
      "-i",
      "web",
      "sh",
      "-c",
      `sleep ${long} & cat; sleep ${long} >&2 &`,
    ]);
    expect(await finish(child, "kpod debug", { input: "in\n" })).toEqual({
      exitCode: 0,
      stdout: "in\n",
      stderr: "",
    });
  });

  test("a command that is over at once does not have kpod wait for what it leaves", async () => {
    const { exitCode, stdout } = await debug("web", "sh", "-c", `sleep ${long} & echo over`);
    expect([exitCode, stdout]).toEqual([0, "over\n"]);
    expect(await runs("sleep", long)).toBe(false);
  });

  test("in a terminal, with Ctrl-C", async () => {
    const shell = await startInPty(KPOD, ["-c", node.world.config, "debug", "-it", "web"]);
    shell.type("tty; echo ter''minal\n");
    await until("it is there", () => /\/dev\/pts\/\d+\r\nterminal/.test(shell.output()));
    shell.type(`sleep ${longer}\n`);
    await until("it sleeps", () => runs("sleep", longer));
    shell.type("\x03");
    shell.type("exit 9\n");
    expect(await shell.ended).toBe(9);
  });

  test("TERM to kpod ends the command; of a kpod that was killed the next one ends what is left", async () => {
    const asked = node.world.startKpod([
      "debug",
      "web",
      "sh",
      "-c",
      `trap 'exit 6' TERM; echo ready; while :; do sleep ${moment}; done`,
    ]);
    const said = finish(asked, "kpod debug");
    await until("the trap is set", () => runs("sleep", moment));
    asked.kill("SIGTERM");
    expect(await said).toMatchObject({ exitCode: 6 });
    const killed = node.world.startKpod(["debug", "web", "sleep", long]);
    await until("it sleeps", () => runs("sleep", long));
    killed.kill("SIGKILL");
    await until("it is dead", () => killed.signalCode === "SIGKILL");
    expect(
      abandonedSessions(node.world.root).map(({ name, pids, cgroups }) => [
        name.split("-")[2],
        pids.length,
        cgroups.length > 0,
      ]),
    ).toContainEqual([String(killed.pid), 1, true]);
    expect(abandonedSessions(node.world.runRoot)).toEqual([]);
    expect(await debug("web", "true")).toMatchObject({ exitCode: 0 });
    expect(await runs("sleep", long)).toBe(false);
  });

  test("a paused container is looked into, and stays paused", async () => {
    await node.ok("pause", "web");
    const { exitCode, stdout, stderr } = await debug("web", "ls", "/target/sleep");
    expect([exitCode, stdout]).toEqual([0, "/target/sleep\n"]);
    expect(stderr).toMatch(/^Warning: container web .* is paused: [^\n]+\n$/);
    expect((await node.kpod("ps", "--filter", "status=paused", "-q", "--no-trunc")).stdout).toBe(
      `${web.id}\n`,
    );
    await node.ok("unpause", "web");
  });

  test("a cgroup that is frozen above a container does not freeze the tools, nor those of a copy", async () => {
    const { cgroupParent } = node.world;
    const { file, frozen, thawed } = freezerOf(cgroupParent);
    writeFileSync(file, frozen);
    try {
      for (const args of [["web"], ["--copy", "--image", "busybox", "db"]]) {
        const { exitCode, stdout, stderr } = await debug(...args, "sh", "-c", "ls -d /target/etc");
        expect([args, exitCode, stdout]).toEqual([args, 0, "/target/etc\n"]);
        expect(stderr).toMatch(
          new RegExp(`^Warning: the cgroup ${cgroupParent} of container .* is frozen: [^\\n]+\\n$`),
        );
      }
    } finally {
      writeFileSync(file, thawed);
    }
  });

  test("one that crashes at its start is run with another command, as often as wanted", async () => {
    expect(await node.refusal("debug", "db")).toMatch(
      /^cannot debug container db .*: it does not run: with --copy/,
    );
    const script =
      'cat /begun; echo "$OWN"; id -u; hostname; ls -d /volume/programs; echo 2 > /tmp/x; exit 4';
    for (let turn = 0; turn < 2; turn++) {
      expect(await debug("--copy", "-u", "12:34", "db", "sh", "-c", script)).toEqual({
        exitCode: 4,
        stdout: "begun\n1\n12\nshop\n/volume/programs\n",
        stderr: "",
      });
    }
    const looked = `begun\n/target/volume/programs\n${readlinkSync(`/proc/${pidOf(web)}/ns/net`)}\n`;
    for (const tools of [["--host-tools"], ["--image", "busybox"]]) {
      const look = "cat /target/begun; ls -d /target/volume/programs; readlink /proc/self/ns/net";
      const result = await debug("--copy", ...tools, "db", "sh", "-c", look);
      expect([tools, result]).toEqual([tools, { exitCode: 0, stdout: looked, stderr: "" }]);
    }
  });

  test("what cannot be is said in one line", async () => {
    expect(await node.refusal("debug", "--image", "localhost/one:1", "web")).toBe(
      'image localhost/one:1 has no "sh" in its PATH, which is /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    );
    expect(await node.refusal("debug", "--pull", "never", "--image", "nosuch", "web")).toContain(
      "image nosuch",
    );
    expect(await node.refusal("debug", "nosuch")).toContain("nosuch");
    expect(await node.refusal("debug", "-u", "eve", "web")).toContain("cannot run it as eve");
    expect(await node.refusal("debug", "--copy", "shop")).toContain("shop");
    // The command may be in what is mounted: that shows when it is started.
    const copied = (words: string) =>
      expect.stringMatching(new RegExp(`^Error: the copy of container db [^\\n]* ${words}\\n$`)) as string;
    for (const [command, exitCode, words] of [
      ["/no/such", 127, 'has no "/no/such"'],
      ["nosuch", 127, 'has no "nosuch" in its PATH, which is [^\\n]*'],
      ["/begun", 126, 'cannot run "/begun": it is not marked as executable'],
    ] as const)
      expect(await debug("--copy", "db", command)).toEqual({ exitCode, stdout: "", stderr: copied(words) });
    expect(await debug("--copy", "db", "/volume/tool", "x")).toEqual({
      exitCode: 3,
      stdout: "x\n",
      stderr: "to stderr\n",
    });
    for (const args of [
      ["--image", "busybox", "--host-tools", "web"],
      ["--target-root", "/", "web"],
      ["--target-root", "there", "web"],
      ["-t", "web"],
    ]) {
      expect(await debug(...args)).toMatchObject({ exitCode: 2, stdout: "" });
    }
  });

  test("a container that ends takes the command along", async () => {
    const short = await node.start(pod, "short", "exec sleep 1000");
    const child = node.world.startKpod(["debug", "short", "sleep", long]);
    const said = finish(child, "kpod debug");
    await until("it sleeps", () => runs("sleep", long));
    // Another process of its namespace keeps the first one from ending until its parent, outside, has reaped it.
    const [sleeping = 0] = processIds().filter((pid) => isRunning(pid, "sleep", long));
    const other = spawn("nsenter", ["-p", "-t", String(pidOf(short)), "sleep", longer], { stdio: "ignore" });
    const ended = new Promise((resolve) => other.once("exit", resolve));
    try {
      await until("the other runs", () => runs("sleep", longer));
      other.kill("SIGSTOP");
      process.kill(pidOf(short), "SIGKILL");
      await until("the command is killed", () => !isRunning(sleeping, "sleep", long));
    } finally {
      other.kill("SIGCONT");
    }
    await ended;
    expect(await said).toEqual({
      exitCode: 137,
      stdout: "",
      stderr: expect.stringMatching(/^Warning: container short .* has ended meanwhile, [^\n]+\n$/) as string,
    });
    await node.ok("rm", "short");
    rmSync(short.logPath);
  });
});

// Here, and not beside the other checks: whoever debugs in a store ends what was left in it.
describe("doctor", () => {
  const node = useNode();
  const pod = usePod(node, "shop");

  async function found(...args: string[]): Promise<readonly ShownFinding[]> {
    const { findings, unknown } = await examined(node, "--min-age", "0s", ...args);
    expect(unknown).toEqual([]);
    return findings;
  }

  test("tells what a debug that was killed has left beside a container, and ends it", async () => {
    const left = `1003.${process.pid}`;
    const web = await node.start(pod, "web", "sleep 1000");
    const killed = node.world.startKpod(["debug", "web", "sleep", left]);
    const sleeps = async (): Promise<boolean> =>
      (await node.ok("top", "web", "args")).includes(`sleep ${left}`);
    await until("it sleeps", sleeps);
    expect(await found("--looks", "proc.debug-left")).toEqual([]);
    killed.kill("SIGKILL");
    await until("it is dead", () => killed.signalCode === "SIGKILL");
    const [finding, ...others] = await found("--looks", "proc");
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      id: "proc.debug-left",
      severity: "leaks",
      object: { kind: "container", id: web.id, name: "web", pod: "shop" },
      mend: { class: "S", commands: [expect.stringMatching(/^kill -KILL \d+$/)] },
    });
    expect(finding?.evidence[0]?.says).toMatch(/^sleep \(\d+\) has the root of kpod-debug-\d+-/);
    await node.ok("doctor", "--mend", "--yes", "--min-age", "0s", "proc.debug-left");
    expect(await sleeps()).toBe(false);
    // Its cgroup comes to light, where it is in none but that of the container.
    for (const { finding: more } of await found("--looks", "proc"))
      expect(await node.ok("doctor", "--mend", "--yes", "--min-age", "0s", more)).toBe(`${more}\n`);
    expect(await found("--looks", "proc")).toEqual([]);
    expect(abandonedSessions(node.world.root)).toEqual([]);
    // Whoever is killed with its runtime leaves the cgroup that this has made, beside that of the container.
    const session = /kpod-debug-\S+[0-9a-f]{18}/.exec(finding?.evidence[0]?.says ?? "")?.[0] ?? "";
    for (const file of cgroupFilesOf(pidOf(web))) mkdirSync(join(dirname(dirname(file)), session));
    const [cgroup, ...more] = await found("--looks", "proc.debug-left");
    expect([cgroup?.object, more]).toMatchObject([{ kind: "cgroup", name: session }, []]);
    await node.ok("doctor", "--mend", "--yes", "--min-age", "0s", "proc.debug-left");
    expect(abandonedSessions(node.world.root)).toEqual([]);
  });
});
