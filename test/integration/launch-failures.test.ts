import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../../scripts/lib/layout.mjs";
import type { Container } from "../../src/lib/oci/container";
import type { StorageId } from "../../src/lib/names/ids";
import { unmount } from "../../src/lib/system/mount";
import { contentsOf, useNode, usePod } from "../helpers/node";
import { finish } from "../helpers/process";
import { startLocker } from "../helpers/record-lock";
import { writeTree } from "../helpers/testdir";
import { until } from "../helpers/until";

const runc = findProgram("runc") ?? "runc";
const conmon = findProgram("conmon") ?? "conmon";

const node = useNode();
const pod = usePod(node, "shop");
let web: Container;

beforeAll(async () => {
  web = await node.start(pod, "web", "sleep 1000");
}, 120_000);

/** A configuration in which a script stands for a program of the node. */
function configWith(program: "conmon" | "runc", script: string): string {
  const path = join(node.world.scratch, `${program}-${Math.random().toString(36).slice(2)}`);
  // Which options it knows conmon is asked before; the scripts are about what comes then.
  const help = program === "conmon" ? `[ "$*" = --help ] && exec ${conmon} --help\n` : "";
  writeTree(node.world.scratch, {
    [path.slice(node.world.scratch.length + 1)]: { content: `#!/bin/sh\n${help}${script}\n`, mode: 0o755 },
  });
  return configNaming(program, path);
}

function configNaming(program: "conmon" | "runc", path: string): string {
  const text = readFileSync(node.world.config, "utf8").replaceAll(
    `"${program === "runc" ? runc : conmon}"`,
    `"${path}"`,
  );
  const config = `${path
    .replace(/^\/nowhere/, node.world.scratch)
    .replaceAll("/", "-")
    .slice(1)}.conf`;
  writeFileSync(join(node.world.scratch, config), text);
  return join(node.world.scratch, config);
}

/** A runtime that does something else for one of its commands. */
function runcBut(command: string, instead: string): string {
  return `case " $* " in *" ${command} "*) ${instead};; *) exec ${runc} "$@";; esac`;
}

/** Runs kpod, which must refuse and leave all as it was. @returns its line on stderr, and the line's warnings */
async function refusalOf(...args: string[]): Promise<string> {
  const before = contentsOf(node.world);
  const line = await node.refusal(...args);
  expect(contentsOf(node.world)).toEqual(before);
  return line;
}

const inPod = ["run", "-d", "--pod", "shop"];
const ownPod = (): string[] => ["run", "-d", "--cgroup-parent", node.world.cgroupParent];
const podRun = (): string[] => ["pod", "run", "--name", "new", "--cgroup-parent", node.world.cgroupParent];

describe("what cannot be launched leaves nothing behind", () => {
  test.each<[string, string[], RegExp]>([
    [
      "a command that is not in the image",
      ["busybox", "/no/such"],
      /runc could not create the container: .*\/no\/such/,
    ],
    [
      "a file that cannot be executed",
      ["busybox", "/etc/passwd"],
      /could not create the container: .*permission denied/i,
    ],
    [
      "an image that is not in the store",
      ["--pull", "never", "nowhere/none:1"],
      /^image nowhere\/none:1 is not in the store \/.*: see kpod images, or load it with kpod load$/,
    ],
    [
      "a name that is taken",
      ["--name", "web", "busybox", "true"],
      /^conflict, name "k8s_web_shop_default_.*_0" already reserved for ctr "[0-9a-f]{64}"/,
    ],
    [
      "a name with a slash",
      ["--name", "a/b", "busybox", "true"],
      /^invalid (container|pod) name "a\/b": a name begins with/,
    ],
    [
      "a name with an escape sequence",
      ["--name", "a\u001b[2Jb", "busybox", "true"],
      /^invalid (container|pod) name "a\\u001b\[2Jb": /,
    ],
    [
      "a volume that is not there",
      ["-v", "/no/such/dir:/data", "busybox", "true"],
      /^cannot mount \/no\/such\/dir: no such file or directory$/,
    ],
    [
      "a volume at a relative path",
      ["-v", "/tmp:data", "busybox", "true"],
      /^volume path data in the container is not absolute$/,
    ],
  ])("%s", async (_, args, message) => {
    expect(await refusalOf(...inPod, ...args)).toMatch(message);
  });

  test.each([
    ["the image is not there", ["--pull", "never", "nowhere/none:1"]],
    ["the volume is not there", ["-v", "/no/such/dir:/data", "busybox", "true"]],
    ["the command is not there", ["busybox", "/no/such"]],
  ])("a pod that was made for the container goes with it: %s", async (_, args) => {
    await refusalOf(...ownPod(), ...args);
  });

  test.each<[string[], string]>([
    [["-v", "/tmp", "busybox"], 'option --volume: "/tmp" is not HOST:CTR or HOST:CTR:ro'],
    [["-v", "/tmp:/x:rx", "busybox"], 'option --volume: "/tmp:/x:rx" is not HOST:CTR or HOST:CTR:ro'],
    [["-v", ":/x", "busybox"], 'option --volume: ":/x" is not HOST:CTR or HOST:CTR:ro'],
    [["-e", "=x", "busybox"], 'option --env: "=x" has no name'],
    [["--label", "=x", "busybox"], 'option --label: "=x" has no key'],
    [
      ["--pod", "shop", "--hostname", "x", "busybox"],
      "option --hostname is for a new pod and cannot be given with --pod",
    ],
    [
      ["--pod", "shop", "--network", "host", "busybox"],
      "option --network is for a new pod and cannot be given with --pod",
    ],
    [["--network", "blue,host", "busybox"], "option --network: host cannot be given with others"],
  ])("run %j is wrong usage", async (args, message) => {
    const before = contentsOf(node.world);
    expect(await node.kpod("run", ...args)).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: `Error: ${message}\nRun 'kpod run --help' for help.\n`,
    });
    expect(contentsOf(node.world)).toEqual(before);
  });

  test("a pod of a name that its namespace has", async () => {
    const line = await refusalOf("pod", "run", "--name", "shop");
    expect(line).toBe(
      `conflict, name "shop" already reserved for pod "${pod.id}": choose another name or namespace`,
    );
    const parent = ["--cgroup-parent", node.world.cgroupParent];
    const elsewhere = (await node.ok("pod", "run", "--name", "shop", "-n", "other", ...parent)).trim();
    expect(await refusalOf("run", "-d", "--pod", "shop", "busybox", "true")).toContain(
      "pod shop is ambiguous",
    );
    await node.ok("pod", "rm", "-f", elsewhere);
  });

  test.each(["a/b", "a b", "\u001b[31mred", "-x", "x".repeat(254)])("a pod called %j", async (name) => {
    expect(await refusalOf("pod", "run", `--name=${name}`)).toMatch(/^invalid pod name "/);
    expect(await refusalOf("pod", "run", "--name", "good", `--hostname=${name}`)).toMatch(
      /^invalid host name "/,
    );
    expect(await refusalOf("pod", "run", "--name", "good", `--namespace=${name}`)).toMatch(
      /^invalid namespace name "/,
    );
  });

  test("a container in a pod that is not there, or has ended", async () => {
    const line = await refusalOf("run", "-d", "--pod", "nowhere", "busybox", "true");
    expect(line).toMatch(/^pod with ID starting with nowhere not found: ID does not exist/);
    await node.pod("over");
    await node.ok("pod", "stop", "over");
    expect(await refusalOf("run", "-d", "--pod", "over", "busybox", "true")).toBe(
      "pod over is not ready: its infra container does not run: make another pod",
    );
    await node.ok("pod", "rm", "over");
  });
});

describe("a program of the node that is not there, fails or dies leaves nothing behind", () => {
  test.each(["conmon", "runc"] as const)("%s is missing", async (program) => {
    const config = configNaming(program, "/nowhere/program");
    for (const args of [[...inPod, "busybox", "true"], podRun()]) {
      const { exitCode, stderr } = await node.kpod("-c", config, ...args);
      expect([exitCode, stderr]).toEqual([
        args[0] === "run" ? 125 : 1,
        expect.stringMatching(/Error: .*\/nowhere\/program.*: install it/) as string,
      ]);
    }
  });

  test.each<[string, "conmon" | "runc", string, RegExp]>([
    [
      "conmon that kills itself",
      "conmon",
      "kill -KILL $$",
      /^conmon ended before it had made the container$/,
    ],
    [
      "conmon that complains and fails",
      "conmon",
      "echo 'no fire' >&2; exit 1",
      /^conmon ended before .*: no fire$/,
    ],
    [
      "conmon that complains on stdout and fails",
      "conmon",
      "echo 'option parsing failed: Unknown option --nope'; exit 1",
      /^conmon ended before .*: option parsing failed: Unknown option --nope$/,
    ],
    [
      "conmon whose words come after its end was seen",
      "conmon",
      "exec 3>&- 4>&-; sleep 0.3; echo 'no fire' >&2; exit 1",
      /^conmon ended before .*: no fire$/,
    ],
    [
      "conmon that answers nonsense",
      "conmon",
      "printf 'x\\033[2J\\n' >&3",
      /^conmon gave an answer that cannot be read: x\\x1b\[2J$/,
    ],
    [
      "conmon that is killed in the middle",
      "runc",
      runcBut("create", `${runc} "$@"; kill -KILL $PPID; exit 1`),
      /^conmon ended before it had made the container/,
    ],
    [
      "a runtime that cannot create",
      "runc",
      runcBut("create", "echo 'out of fire' >&2; exit 1"),
      /could not create the container: out of fire$/,
    ],
    [
      "a runtime that says nothing",
      "runc",
      runcBut("create", "exit 1"),
      /could not create the container|conmon ended before/,
    ],
    [
      "a runtime that cannot start",
      "runc",
      runcBut("start", "echo 'out of fire' >&2; exit 1"),
      /start failed: out of fire$/,
    ],
  ])("%s", async (_, program, script, message) => {
    const config = configWith(program, script);
    expect(await refusalOf("-c", config, ...inPod, "busybox", "sleep", "1000")).toMatch(message);
    expect(await refusalOf("-c", config, ...podRun())).toMatch(message);
  });
});

describe("an infra container that ends at once is no pod", () => {
  test.each([
    ["/bin/false", "ended at once with exit code 1:"],
    ["/bin/true", "ended at once with exit code 0:"],
    // What it said last stands between.
    ["/bin/rmdir", "ended at once with exit code 1: "],
  ])("pause_command %s", async (command, end) => {
    const config = join(node.world.scratch, "pause.conf");
    const text = readFileSync(node.world.config, "utf8");
    writeFileSync(config, text.replace('pause_command = "/pause"', `pause_command = "${command}"`));
    const hint =
      "name a program that runs until it is killed as pause_command, of pause_image, in [crio.image]";
    for (const [name, args] of [
      ["new", podRun()],
      ["own", [...ownPod(), "--name", "own", "busybox", "true"]],
    ] as const) {
      const line = await refusalOf("-c", config, ...args);
      expect(line).toContain(`the infra container of pod ${name} ${end}`);
      expect(line.endsWith(`: ${hint}`)).toBe(true);
      if (command === "/bin/rmdir") expect(line).toMatch(/exit code 1: \S.*: name a program/);
    }
    await node.agree();
  });
});

describe("a kpod that is killed in the middle", () => {
  // Each ends kpod by a program that it starts; then everything that is left must be seen and go away.
  test.each<[string, "conmon" | "runc", string]>([
    ["before conmon does anything", "conmon", `kill -KILL $PPID; exit 1`],
    ["while conmon works on", "conmon", `kill -KILL $PPID; exec ${conmon} "$@"`],
    ["after the container was created", "conmon", `${conmon} "$@"; kill -KILL $PPID`],
    ["before the container is started", "runc", runcBut("start", "kill -KILL $PPID; exit 1")],
    ["after the container was started", "runc", runcBut("start", `${runc} "$@"; kill -KILL $PPID`)],
  ])("%s", async (_, program, script) => {
    const config = configWith(program, script);
    const before = contentsOf(node.world).filter((line) => !line.startsWith(node.world.logDir));
    for (const kind of ["container", "pod"] as const) {
      const args = kind === "pod" ? podRun() : [...inPod, "--name", "new", "busybox", "sleep", "1000"];
      expect(await node.kpod("-c", config, ...args)).toMatchObject({ exitCode: 137 });
      expect(await node.ok(...(kind === "pod" ? ["pod", "ps"] : ["ps", "-a", "--pod"]))).toMatch(/new/);
      if (program === "conmon") await settled();
      if (kind === "pod") await node.ok("pod", "rm", "-f", "new");
      else await node.ok("rm", "-f", "new");
      expect(contentsOf(node.world).filter((line) => !line.startsWith(node.world.logDir))).toEqual(before);
    }
    await node.agree();
  });

  /** A conmon whose kpod is dead goes on by itself; the test is about what it leaves in the end. */
  async function settled(): Promise<void> {
    let last = "";
    await until("nothing changes any more", async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const now = contentsOf(node.world).join("\n");
      const still = now === last;
      last = now;
      return still;
    });
  }

  test("between record and mount", async () => {
    const mounts = startLocker(join(node.world.runRoot, "overlay-layers/mountpoints.lock"));
    expect(await mounts.lock("posix", "write")).toBe(true);
    const before = contentsOf(node.world);
    const child = node.world.startKpod([...inPod, "--name", "new", "busybox", "true"]);
    const done = finish(child, "kpod run");
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    // By then it writes nothing: what it would be writing just then would stay.
    await until("it waits for the lock", () => /^Warning: waiting for .*mountpoints\.lock/m.test(said));
    const records = join(node.world.root, "overlay-containers/containers.json");
    expect(readFileSync(records, "utf8")).toContain("k8s_new_");
    child.kill("SIGKILL");
    await done;
    await mounts.unlock("posix");
    expect((await node.kpod("ps", "-a")).stdout).toContain("k8s_new_");
    expect(await node.refusal("rm", "new")).toContain(
      "it is still being made: wait until it is there, or use -f",
    );
    await node.ok("rm", "-f", "new");
    expect(contentsOf(node.world)).toEqual(before);
  });

  test("before a pod's spec was written: its namespaces go all the same", async () => {
    const before = contentsOf(node.world).filter((line) => !line.startsWith(node.world.logDir));
    const config = configWith("conmon", "kill -KILL $PPID; exit 1");
    await node.kpod("-c", config, ...podRun());
    const { server } = await node.openServer();
    await server.update();
    const { infraContainer } = server.lookupSandbox("new");
    for (const directory of [infraContainer.dir, infraContainer.bundlePath]) {
      execFileSync("rm", [join(directory, "config.json")]);
    }
    expect(await node.kpod("pod", "ps")).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(" new ") as string,
    });
    expect(await node.kpod("pod", "rm", "-f", "new")).toMatchObject({ exitCode: 0 });
    expect(contentsOf(node.world).filter((line) => !line.startsWith(node.world.logDir))).toEqual(before);
  });
});

describe("CRI-O starts in the middle of a launch, and removes what is not made to the end", () => {
  /** A moment of a launch at which a program of the node waits. */
  interface Moment {
    readonly config: string;
    /** Waits until the program does. */
    readonly reached: () => Promise<void>;
    readonly goOn: () => void;
  }

  /** @param skipped how many calls of the program go by before one waits */
  function momentAt(
    program: "conmon" | "runc",
    where: "before" | "after",
    command = "",
    skipped = 0,
  ): Moment {
    const mark = join(node.world.scratch, `moment-${Math.random().toString(36).slice(2)}`);
    const real = `${program === "conmon" ? conmon : runc} "$@"`;
    const pause = `touch ${mark}.reached; while [ ! -e ${mark}.go ]; do sleep 0.02; done`;
    const slow = where === "before" ? `${pause}; exec ${real}` : `${real}; code=$?; ${pause}; exit $code`;
    const skip = Array.from(
      { length: skipped },
      (_, n) => `[ -e ${mark}.${n} ] || { touch ${mark}.${n}; exec ${real}; };`,
    );
    const script = `${skip.join(" ")} ${slow}`;
    return {
      config: configWith(program, program === "conmon" ? script : runcBut(command, script)),
      reached: () => until(`${program} waits`, () => existsSync(`${mark}.reached`)),
      goOn: () => {
        writeFileSync(`${mark}.go`, "");
      },
    };
  }

  /** What CRI-O's start does to a container or pod that has no state yet. */
  async function removeAsCrioDoes(name: string): Promise<void> {
    const { server } = await node.openServer();
    await server.updateRecords();
    const found = [
      ...server.listContainers(),
      ...server.listSandboxes().map((each) => each.infraContainer),
    ].find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    unmount(join(found.bundlePath, "shm"));
    await server.store.deleteContainer(found.id as StorageId);
  }

  const moments: [string, "conmon" | "runc", "before" | "after", string][] = [
    ["before conmon begins", "conmon", "before", ""],
    ["before the runtime creates it", "runc", "before", "create"],
    ["after the runtime created it", "runc", "after", "create"],
    ["before the runtime starts it", "runc", "before", "start"],
    ["after the runtime started it", "runc", "after", "start"],
  ];
  const kinds: [string, () => string[]][] = [
    ["container new", () => [...inPod, "--name", "new", "busybox", "sleep", "1000"]],
    ["pod new", podRun],
  ];

  describe.each(kinds)("%s", (what, args) => {
    test.each(moments)("%s", async (moment, program, where, command) => {
      // What it is called does not depend on the moment; both are tried at the first, and then in turn.
      const at = moments.findIndex(([each]) => each === moment);
      for (const started of at === 0 ? [true, false] : [(at % 2 === 0) === (what === "pod new")]) {
        const { config, reached, goOn } = momentAt(program, where, command);
        const before = contentsOf(node.world);
        const done = finish(node.world.startKpod(["-c", config, ...args()]), "kpod");
        await reached();
        await removeAsCrioDoes("new");
        if (started) writeFileSync(node.world.versionFile, '"1.36.3"');
        goOn();
        const { exitCode, stdout, stderr } = await done;
        const cause = started
          ? "CRI-O was started meanwhile and removed it, as it does with what is not made to the end"
          : `it was ${what === "pod new" ? "stopped or " : ""}removed meanwhile`;
        expect([exitCode, stdout, stderr]).toEqual([
          what === "pod new" ? 1 : 125,
          "",
          `Error: ${what} is not launched: ${cause}\n`,
        ]);
        await until("all of it is gone", () => contentsOf(node.world).join() === before.join());
        rmSync(node.world.versionFile, { force: true });
      }
    });
  });

  test.each(moments)(
    "a pod that was made for the container goes as well: %s",
    async (_, program, where, command) => {
      const { config, reached, goOn } = momentAt(program, where, command, 1);
      const before = contentsOf(node.world);
      const words = ["-c", config, ...ownPod(), "--name", "lone", "busybox", "sleep", "1000"];
      const done = finish(node.world.startKpod(words), "kpod run");
      await reached();
      await removeAsCrioDoes("lone");
      goOn();
      expect(await done).toEqual({
        exitCode: 125,
        stdout: "",
        stderr: "Error: container lone is not launched: it was removed meanwhile\n",
      });
      await until("all of it is gone", () => contentsOf(node.world).join() === before.join());
    },
  );

  test("before its file system is mounted, or just then", async () => {
    const mounts = startLocker(join(node.world.runRoot, "overlay-layers/mountpoints.lock"));
    expect(await mounts.lock("posix", "write")).toBe(true);
    const before = contentsOf(node.world);
    const done = finish(
      node.world.startKpod([...inPod, "--name", "new", "busybox", "sleep", "1000"]),
      "kpod",
    );
    const records = join(node.world.root, "overlay-containers/containers.json");
    await until("the record is there", () => readFileSync(records, "utf8").includes("k8s_new_"));
    const removed = removeAsCrioDoes("new");
    await mounts.unlock("posix");
    await removed;
    const { exitCode, stderr } = await done;
    expect([exitCode, stderr.replace(/^Warning: waiting for .*\n/, "")]).toEqual([
      125,
      "Error: container new is not launched: it was removed meanwhile\n",
    ]);
    await until("all of it is gone", () => contentsOf(node.world).join() === before.join());
  });

  test("a root file system that was unmounted is not blamed on the image", async () => {
    const { config, reached, goOn } = momentAt("conmon", "before");
    const before = contentsOf(node.world);
    const done = finish(
      node.world.startKpod(["-c", config, ...inPod, "--name", "new", "busybox", "true"]),
      "kpod run",
    );
    await reached();
    const { server } = await node.openServer();
    await server.updateRecords();
    const { layerId } = server.lookupContainer("new");
    await server.store.unmount(layerId as StorageId, true);
    goOn();
    expect(await done).toEqual({
      exitCode: 125,
      stdout: "",
      stderr:
        "Error: container new is not launched: its root file system was unmounted meanwhile, as CRI-O does with all when it stops\n",
    });
    expect(contentsOf(node.world)).toEqual(before);
  });
});

describe("Ctrl-C during a launch", () => {
  test("leaves nothing behind, also when a lock keeps what was made from being rolled back at once", async () => {
    const mounts = startLocker(join(node.world.runRoot, "overlay-layers/mountpoints.lock"));
    expect(await mounts.lock("posix", "write")).toBe(true);
    const before = contentsOf(node.world);
    const child = node.world.startKpod([...inPod, "--name", "new", "busybox", "true"]);
    const done = finish(child, "kpod run");
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    await until("it says that it waits", () => stderr.includes("waiting for"));
    child.kill("SIGINT");
    await until("it waits to roll back", () => stderr.split("waiting for").length === 3);
    await mounts.unlock("posix");
    expect(await done).toMatchObject({ exitCode: 130, stdout: "" });
    expect(contentsOf(node.world)).toEqual(before);
  });

  test("with a runtime that hangs ends at once, and what hangs ends with it", async () => {
    const config = configWith("runc", runcBut("create", "sleep 1000"));
    const before = contentsOf(node.world);
    const child = node.world.startKpod(["-c", config, ...inPod, "busybox", "true"]);
    const done = finish(child, "kpod run");
    const marker = /"([^"]*\/scratch\/runc-[^"]*)"/.exec(readFileSync(config, "utf8"))?.[1] ?? "";
    await until("the runtime hangs", () => contentsOf(node.world).some((line) => line.includes(marker)));
    child.kill("SIGINT");
    expect(await done).toMatchObject({ exitCode: 130, stdout: "" });
    expect(contentsOf(node.world)).toEqual(before);
  });
});

test("Ctrl-C that does not reach a container in the foreground is told", async () => {
  const config = configWith("runc", runcBut("kill", "echo no such signal >&2; exit 1"));
  const child = node.world.startKpod([
    ...["-c", config, "run", "--rm", "--pod", "shop", "--name", "deaf", "busybox", "sh", "-c"],
    "echo ready; sleep 1000",
  ]);
  const done = finish(child, "kpod run");
  let said = "";
  child.stdout.once("data", () => child.kill("SIGINT"));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await until("it is told", () => said.includes("\n"));
  expect(said).toMatch(
    /^Warning: SIGINT did not reach container [0-9a-f]{13} \(k8s_deaf_shop_\S+\): .*no such signal\n$/,
  );
  expect(child.exitCode).toBeNull();
  await node.ok("kill", "deaf");
  expect(await done).toMatchObject({ exitCode: 137, stdout: "ready\n" });
});

test("after all this the container that was there still runs, and all programs agree", async () => {
  expect(await node.ok("ps", "-q", "--no-trunc")).toBe(`${web.id}\n`);
  await node.agree();
});
