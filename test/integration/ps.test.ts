import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/lib/config";
import { ContainerServer } from "../../src/lib/container-server";
import { createPodContainer } from "../../src/lib/launch/container";
import { KPOD } from "../helpers/kpod";
import { enterScreen, leaveScreen, pictures } from "../helpers/pictures";
import { startInPty, type PtyProcess } from "../helpers/pty";
import { runProcess, succeeded } from "../helpers/process";
import { listing } from "../helpers/listing";
import { until } from "../helpers/until";
import { createWorld, type World } from "../helpers/world";

let world: World;
let imageId: string;
/** Ids by the short names that this file gives. */
const ids: Record<string, string> = {};

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly pid: number;
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  readonly size: number;
  readonly sizeRw: number;
  readonly labels: Record<string, string>;
  readonly namespace: Record<string, string>;
}

async function kpod(...args: string[]): Promise<string> {
  return succeeded(await world.kpod(args), `kpod ${args.join(" ")}`).stdout;
}

/** The short names of the containers that `ps` shows with these flags, in its order. */
async function shown(...args: string[]): Promise<string> {
  const text = await kpod("ps", "--no-trunc", "-q", ...args);
  const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
  return text
    .split("\n")
    .slice(0, -1)
    .map((id) => names.get(id) ?? id)
    .join(" ");
}

async function statusOf(name: string): Promise<string> {
  return (await kpod("ps", "-a", "-f", `id=${id(name)}`, "--format", "{{.Status}}")).trim();
}

async function jsonOf(name: string, ...args: string[]): Promise<Shown> {
  const [row] = JSON.parse(
    await kpod("ps", "-a", "-f", `id=${id(name)}`, "--format", "json", ...args),
  ) as Shown[];
  if (row === undefined) throw new Error(`${name} is not shown`);
  return row;
}

function id(name: string): string {
  const found = ids[name];
  if (found === undefined) throw new Error(`there is no container ${name}`);
  return found;
}

async function start(
  pod: string,
  name: string,
  flags: readonly string[],
  ...command: string[]
): Promise<void> {
  const args = ["run", "-d", "--pod", pod, "--name", name, ...flags, "localhost/busybox:latest", ...command];
  ids[name] = (await kpod(...args)).trim();
}

/** A container that was made and never started: the kubelet leaves such ones when it fails in between. */
async function create(pod: string, name: string): Promise<void> {
  const server = new ContainerServer(loadConfig({ configFile: world.config }));
  await server.update();
  const options = { name, image: "localhost/busybox:latest", command: ["sleep", "1000"] };
  ids[name] = (await createPodContainer(server, server.lookupSandbox(pod), options)).id;
}

async function makeContainers(): Promise<void> {
  const parent = ["--cgroup-parent", world.cgroupParent];
  await kpod("pod", "run", "--name", "shop", "-n", "sales", "--label", "app=shop", ...parent);
  await kpod("pod", "run", "--name", "hosted", "--network", "host", ...parent);
  await kpod("pod", "run", "--name", "plain", ...parent);
  mkdirSync(join(world.scratch, "data"));
  await start("shop", "web", ["--label", "tier=front", "--label", "app=web"], "sleep", "1000");
  await start("shop", "ok", [], "true");
  await start("shop", "failed", ["--label", "tier=batch"], "sh", "-c", "exit 3");
  await start("shop", "killed", [], "sleep", "1000");
  await start(
    "shop",
    "greedy",
    [],
    "sh",
    "-c",
    "while [ ! -e /tmp/go ]; do sleep 0.05; done; x=a; while :; do x=$x$x; done",
  );
  await start("shop", "paused", ["-v", `${join(world.scratch, "data")}:/data`], "sleep", "1000");
  await start("hosted", "host", [], "sleep", "1000");
  await start("plain", "bare", [], "sh", "-c", "echo written > /root/file; exec sleep 1000");
  await create("shop", "made");
  succeeded(await world.runtime(["kill", id("killed"), "KILL"]), "runc kill");
  succeeded(await world.runtime(["pause", id("paused")]), "runc pause");
  await runOutOfMemory("greedy");
}

async function runOutOfMemory(name: string): Promise<void> {
  succeeded(
    await world.runtime(["update", "--memory", "20971520", "--memory-swap", "20971520", id(name)]),
    "update",
  );
  succeeded(await world.runtime(["exec", id(name), "sh", "-c", "mkdir -p /tmp && touch /tmp/go"]), "exec");
  await until("it has run out of memory", async () => (await statusOf(name)).startsWith("Exited"));
}

beforeAll(async () => {
  world = await createWorld();
  imageId = (await world.loadImages()).busybox.id;
  await makeContainers();
  await until("the others have ended", async () => {
    const states = await Promise.all(["ok", "failed", "killed"].map(statusOf));
    return states.every((status) => status.startsWith("Exited"));
  });
}, 120_000);

afterAll(() => world.destroy());

describe("states", () => {
  test.each([
    ["web", /^Up \d+ seconds?|^Up Less than a second|^Up About a minute/],
    ["paused", /^Up .* \(Paused\)$/],
    ["host", /^Up /],
    ["made", /^Created$/],
    ["ok", /^Exited \(0\) .* ago$/],
    ["failed", /^Exited \(3\) .* ago$/],
    ["killed", /^Exited \(137\) .* ago$/],
    ["greedy", /^Exited \(137\) .* ago \(OOMKilled\)$/],
  ])("%s", async (name, expected) => {
    expect(await statusOf(name)).toMatch(expected);
  });

  test("agree with the runtime, pids included", async () => {
    const listed = JSON.parse((await world.runtime(["list", "--format", "json"])).stdout) as Shown[];
    const byId = new Map(listed.map((entry) => [entry.id, entry]));
    const rows = JSON.parse(await kpod("ps", "-a", "--format", "json")) as Shown[];
    expect(rows.map((row) => row.id).sort()).toEqual(Object.values(ids).sort());
    for (const row of rows) {
      expect([row.id, row.status]).toEqual([row.id, byId.get(row.id)?.status]);
      expect([row.id, row.pid]).toEqual([row.id, byId.get(row.id)?.pid]);
    }
  });

  test("as JSON", async () => {
    expect(await jsonOf("greedy")).toMatchObject({ status: "stopped", exitCode: 137, oomKilled: true });
    expect(await jsonOf("failed")).toMatchObject({
      status: "stopped",
      exitCode: 3,
      oomKilled: false,
      pid: 0,
    });
    expect(await jsonOf("web")).toMatchObject({ status: "running", exitCode: null, ctrRunning: true });
    expect(await jsonOf("made")).toMatchObject({ status: "created", runningFor: 0, startedAt: null });
  });
});

describe("which are shown", () => {
  const newest = "made bare host paused greedy killed failed ok web";

  test.each([
    [[], "bare host paused web"],
    [["-a"], newest],
    [["-l"], "made"],
    [["-n", "3"], "made bare host"],
    [["-a", "--sort", "created"], newest],
    [["-f", "status=running"], "bare host web"],
    [["-f", "status=paused"], "paused"],
    [["-f", "status=created"], "made"],
    [["-f", "status=exited"], "greedy killed failed ok"],
    [["-f", "status=stopped,status=created"], "made greedy killed failed ok"],
    [["-f", "status!=running"], "made paused greedy killed failed ok"],
    [["-f", "exited=137"], "greedy killed"],
    [["-f", "exited=0,exited=3"], "failed ok"],
    [["-f", "label=tier"], "web"],
    [["-a", "-f", "label=tier"], "failed web"],
    [["-f", "label=tier=front", "-f", "label=app=web"], "web"],
    [["-f", "label!=tier=front"], "bare host paused"],
    [["-f", "pod=hosted"], "host"],
    [["-f", "namespace=sales"], "paused web"],
    [["-f", "namespace!=sales"], "bare host"],
    [["-f", "volume=/data"], "paused"],
    [["-a", "-f", "ancestor=busybox:latest"], newest],
    [["-a", "-f", "ancestor=pause"], ""],
    [["-a", "-f", "name=k8s_ok", "-f", "name=k8s_failed"], "failed ok"],
    [["-a", "-f", "since=shop/killed", "-f", "before=bare"], "host paused greedy"],
  ])("%j", async (args, expected) => {
    expect(await shown(...args)).toBe(expected);
  });

  test("by the image's id", async () => {
    expect(await shown("-a", "-f", `ancestor=${imageId.slice(0, 12)}`)).toBe(newest);
    expect(await shown("-a", "-f", `ancestor=${imageId.replace(/^./, "f0")}`)).toBe("");
  });
});

test("namespaces are those of the processes", async () => {
  const { pid, namespace } = await jsonOf("web", "--ns");
  const inode = (kind: string) => String(statSync(`/proc/${pid}/ns/${kind}`).ino);
  const kinds = ["cgroup", "ipc", "mnt", "net", "user", "uts"];
  expect(namespace).toEqual({
    pid: String(pid),
    pidns: inode("pid"),
    ...Object.fromEntries(kinds.map((kind) => [kind, inode(kind)])),
  });
  const own = String(statSync("/proc/self/ns/net").ino);
  expect(namespace.net).not.toBe(own);
  expect((await jsonOf("host", "--ns")).namespace.net).toBe(own);
  expect((await jsonOf("made", "--ns")).namespace.pidns).toMatch(/^\d+$/);
  expect((await jsonOf("ok", "--ns")).namespace).toMatchObject({ pid: "", net: "" });
  const table = await kpod("ps", "-a", "--ns");
  expect(table).toMatch(new RegExp(` ${pid} +${inode("cgroup")} .* ${inode("pid")} .* ${inode("uts")}\n`));
});

test("sizes are those of what was written and of the image", async () => {
  const [bare, web] = [await jsonOf("bare", "-s"), await jsonOf("web", "-s")];
  expect(bare.sizeRw - web.sizeRw).toBe("written\n".length);
  expect(web.size).toBeGreaterThan(1_000_000);
  expect((await jsonOf("web")).size).toBe(0);
  expect(await kpod("ps", "-s", "-f", "name=k8s_bare")).toMatch(
    /SIZE\n.* {3}\d+(\.\d+)?k?B \(virtual \d\.\d+MB\)\n$/,
  );
  const text = await kpod("ps", "-f", "name=k8s_bare", "--format", "{{.Size}}");
  expect(text).toMatch(/^\d+(\.\d+)?k?B \(virtual \d\.\d+MB\)\n$/);
  expect((await shown("--sort", "size")).split(" ")[0]).toBe("bare");
});

test("pods", async () => {
  expect(await kpod("pod", "ps", "--sort", "name", "--format", "{{.KubeName}} {{.State}} {{.Running}}")).toBe(
    "hosted Ready 1/1\nplain Ready 1/1\nshop Ready 2/7\n",
  );
  expect(await kpod("pod", "ps", "-f", "namespace=sales,label=app=shop", "--format", "{{.KubeName}}")).toBe(
    "shop\n",
  );
  expect(await kpod("pod", "ps", "-q", "-f", "state=notready")).toBe("");
});

test("looking changes nothing", async () => {
  const before = listing(world.root);
  await kpod("ps", "-a", "-s", "--ns", "-f", "label=app,ancestor=busybox,volume=/data");
  await kpod("ps", "-a", "--format", "{{json .}}");
  await kpod("pod", "ps", "--format", "json");
  expect(listing(world.root)).toEqual(before);
});

describe("sick ones do not spoil the others", () => {
  /** Changes the spec of a container or infra container, in one place or both, for the time of an action. */
  async function withSpec(
    containerId: string,
    change: (text: string) => string,
    action: () => Promise<void>,
    places: readonly ("root" | "runRoot")[] = ["root"],
  ) {
    const paths = places.map((place) =>
      join(world[place], "overlay-containers", containerId, "userdata/config.json"),
    );
    const texts = paths.map((path) => readFileSync(path, "utf8"));
    paths.forEach((path, index) => {
      writeFileSync(path, change(texts[index] ?? ""));
    });
    try {
      await action();
    } finally {
      paths.forEach((path, index) => {
        writeFileSync(path, texts[index] ?? "");
      });
    }
  }

  test("a pod without labels", async () => {
    const [pod] = JSON.parse(await kpod("pod", "ps", "-f", "name=plain", "--format", "json")) as [Shown];
    const withoutLabels = (text: string) =>
      JSON.stringify(JSON.parse(text), (key, value: unknown) =>
        key === "io.kubernetes.cri-o.Labels" ? undefined : value,
      );
    await withSpec(pod.id, withoutLabels, async () => {
      expect(await shown()).toBe("bare host paused web");
      expect(await kpod("pod", "ps", "-f", "name=plain", "--format", "{{.Labels}}|")).toBe("|\n");
    });
    await withSpec(id("bare"), withoutLabels, async () => {
      expect((await jsonOf("bare")).labels).toEqual({});
    });
  });

  test("a broken spec: the other copy of it, and without one what else is known", async () => {
    const broken = () => "{ broken";
    await withSpec(id("web"), broken, async () => {
      expect(await kpod("ps", "-f", "name=k8s_web_", "--format", "{{.Command}}")).toBe("sleep 1000\n");
    });
    await withSpec(
      id("web"),
      broken,
      async () => {
        const { stdout, stderr, exitCode } = await world.kpod([
          "--log-level",
          "warn",
          "ps",
          "--format",
          "{{.Names}}|{{.Command}}|{{.State}}",
        ]);
        expect(exitCode).toBe(0);
        expect(stdout.split("\n").at(-2)).toMatch(/^k8s_web_shop_.*\|\|running$/);
        expect(stdout.split("\n")).toHaveLength(5);
        expect(stderr).toContain("config.json");
        expect(await shown("-f", "label=tier")).toBe("");
        expect(await shown("-q")).toBe("bare host paused web");
      },
      ["root", "runRoot"],
    );
  });
});

describe("on a terminal", () => {
  /** What `ps` and its relatives write to a terminal, by lines. */
  async function drawn(args: readonly string[], env: Record<string, string> = {}, columns = 300) {
    const seen = await startInPty(KPOD, ["--config", world.config, ...args], { columns, env });
    expect(await seen.ended).toBe(0);
    return seen.output().split("\r\n").slice(0, -1);
  }

  const colored = /\x1b\[(\d+)m(\w+)[^\x1b]*\x1b\[39m/;

  /** The colour and the first word of what is coloured in the line of each container. */
  function colorsOf(lines: readonly string[]): Record<string, string> {
    const entries = lines.slice(1).map((line) => {
      const [, color = "no", word = "colour"] = colored.exec(line) ?? [];
      return [/ k8s_([a-z]+)_/.exec(line)?.[1] ?? line, `${color} ${word}`];
    });
    return Object.fromEntries(entries) as Record<string, string>;
  }

  const [green, yellow, red, magenta] = [32, 33, 31, 35];

  test("states have their colours", async () => {
    expect(colorsOf(await drawn(["ps", "-a"]))).toEqual({
      web: `${green} Up`,
      host: `${green} Up`,
      bare: `${green} Up`,
      paused: `${yellow} Up`,
      failed: `${red} Exited`,
      killed: `${red} Exited`,
      greedy: `${red} Exited`,
      ok: "no colour",
      made: "no colour",
    });
    // Of a copy of the store nobody here knows whether its containers run.
    const copy = join(world.scratch, "copy");
    succeeded(await runProcess("cp", ["-ax", world.root, copy]), "cp");
    const config = join(world.scratch, "copy.conf");
    writeFileSync(
      config,
      readFileSync(world.config, "utf8").replaceAll(join(world.directory, "runtime"), "/nowhere"),
    );
    const unknown = await drawn([
      "-c",
      config,
      "--root",
      copy,
      "--runroot",
      "/nowhere",
      "ps",
      "-f",
      "status=unknown",
    ]);
    expect(Object.values(colorsOf(unknown))).toContain(`${magenta} Unknown`);
    const pods = await drawn(["pod", "ps", "-f", "name=shop"]);
    expect(pods[1]).toContain(`\x1b[${green}mReady\x1b[39m`);
  });

  test("the environment has the last word on colours", async () => {
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }, { FORCE_COLOR: "0" }]) {
      expect((await drawn(["ps", "-a"], env)).join("\n")).not.toContain("\x1b");
    }
    const forced = await world.kpod(["ps", "-a"], { env: { FORCE_COLOR: "1" } });
    expect(forced.stdout.match(new RegExp(colored, "g"))).toHaveLength(7);
    expect(await kpod("ps", "-a")).not.toContain("\x1b");
    expect((await drawn(["ps", "-a", "--format", "{{.Status}}"])).join("\n")).not.toContain("\x1b");
  });

  test("tables end where it ends, unless they are wanted in full", async () => {
    for (const args of [["ps", "-a", "--pod"], ["pod", "ps"], ["images"], ["stats", "--no-stream"]]) {
      const lines = await drawn(args, { NO_COLOR: "1" }, 70);
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(70);
      const full = await drawn([...args, "--no-trunc"], { NO_COLOR: "1" }, 70);
      expect(Math.max(...full.map((line) => line.length))).toBeGreaterThan(70);
    }
    const [, web] = await drawn(["ps", "-f", "name=k8s_web"], {}, 110);
    expect(web).toMatch(/ k8s_web_[\w-]*\.\.\.$/);
  });
});

describe("watching on a terminal", () => {
  async function watch(...args: string[]): Promise<PtyProcess> {
    return startInPty(KPOD, ["--config", world.config, "ps", ...args], { env: { NO_COLOR: "1" } });
  }

  test("draws in place, follows what happens, and Ctrl-C restores the terminal", async () => {
    const seen = await watch("--watch=0.1", "-f", "pod=hosted", "--format", "{{.State}}");
    const last = () => pictures(seen.output()).at(-1)?.join();
    await until("it shows the container", () => last() === "running");
    succeeded(await world.runtime(["pause", id("host")]), "pause");
    await until("it shows the pause", () => last() === "paused");
    succeeded(await world.runtime(["resume", id("host")]), "resume");
    await until("it shows the end of the pause", () => last() === "running");
    seen.type("\x03");
    expect(await seen.ended).toBe(130);
    const output = seen.output();
    expect(output.startsWith(enterScreen)).toBe(true);
    expect(output.split(leaveScreen)).toHaveLength(2);
    expect(output.split(leaveScreen)[1]).toBe("running\r\n");
  });

  test("a table is cut at the terminal's width", async () => {
    const seen = await watch("-w", "0.1", "-a");
    await until("two pictures", () => pictures(seen.output()).length >= 2);
    process.kill(seen.pid, "SIGTERM");
    expect(await seen.ended).toBe(143);
    for (const lines of pictures(seen.output())) {
      expect(lines).toHaveLength(Object.keys(ids).length + 1);
      expect(lines[0]).toMatch(/^CONTAINER ID {4}IMAGE/);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    }
  });

  test("in a pipe one list comes after the other, without escapes", async () => {
    const child = world.startKpod(["ps", "-w", "0.1", "-q", "--no-trunc"]);
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => {
      child.on("close", resolve);
    });
    await until("three lists", () => output.split(id("web")).length > 3);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(output).toMatch(/^([0-9a-f]{64}\n)+$/);
  });

  test("JSON is one line for each look", async () => {
    const seen = await watch("-w", "0.1", "--format", "json");
    const lines = () => seen.output().split("\r\n").slice(0, -1);
    await until("two looks", () => lines().length >= 2);
    seen.type("\x03");
    expect(await seen.ended).toBe(130);
    for (const line of lines().slice(0, 2)) expect((JSON.parse(line) as Shown[]).length).toBe(4);
  });
});
